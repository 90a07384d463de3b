"""Which backbone learns most in equal wall-clock: shapes, tokenizers, schedules, starts and objectives.

    python -m benchmarks.backbones --corpus CORPUS --train ROWS.jsonl --dev ROWS.jsonl -o RUN [ARM ...]

Each arm differs from the first in one thing, is pretrained for the same seconds and then fine-tuned briefly with three
seeds; macro-F1 on the dev rows is the judge. Results are appended to ``results.jsonl`` in the run folder, so that arms
can be run side by side, each on one core (``OMP_NUM_THREADS=1``); without arms the table is printed.
"""

import json
import random
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from service.core.encode import EncodingConfig
from training.cli import tokenizer as make_tokenizer
from training.data.schema import by_document, read_labelled
from training.finetune import FinetuneConfig, finetune
from training.initialization import word2vec_embeddings
from training.pretrain import PROGRESS, PretrainConfig, Pretraining
from training.replaced import ReplacedTokenDetection
from training.tokens import load_tokens

_SEEDS = (0, 1, 2)
_N_TOKENIZER_CHARACTERS = 4_000_000
_SHORT_WINDOWS = EncodingConfig(max_tokens=160)
_BATCH_TOKENS = 4096  # a short budget needs many updates more than smooth ones


@dataclass(frozen=True)
class Arm:
    """One way to make a backbone.

    :ivar shape: fields of :class:`PretrainConfig` that differ from its defaults.
    :ivar warm_start: begin with word2vec embeddings.
    :ivar kind: the objective.
    """

    vocab_size: int = 12_000
    max_piece_length: int = 4
    warm_start: bool = True
    kind: type[Pretraining] = Pretraining
    shape: dict[str, Any] = field(default_factory=dict)


ARMS = {
    "6 × 320, 12,000 pieces of up to 4 characters": Arm(),
    "single characters": Arm(vocab_size=6_000, max_piece_length=1),
    "20,000 pieces of up to 6 characters": Arm(vocab_size=20_000, max_piece_length=6),
    "4 × 384": Arm(shape={"n_layers": 4, "hidden_size": 384, "n_heads": 6, "intermediate_size": 1536}),
    "8 × 256": Arm(shape={"n_layers": 8, "hidden_size": 256, "n_heads": 4, "intermediate_size": 1024}),
    "sequences of 64": Arm(shape={"short_tokens": 64}),
    "sequences of 256": Arm(shape={"short_tokens": 256}),
    "single tokens hidden": Arm(shape={"mean_span": 1.0}),
    "embeddings from noise": Arm(warm_start=False),
    "no bag of words": Arm(shape={"bag_weight": 0.0}),
    "replaced-token detection": Arm(kind=ReplacedTokenDetection),
}


def pretrain(arm: Arm, corpus: list[str], folder: Path, seconds: float) -> dict[str, float]:
    """Make the arm's tokenizer and backbone; returns the last line of its progress."""
    tokenizer = folder / "tokenizer"
    if not tokenizer.exists():
        make_tokenizer(corpus, tokenizer, arm.vocab_size, arm.max_piece_length, max_characters=_N_TOKENIZER_CHARACTERS)
    tokens, vocab_size, special_ids = load_tokens(corpus, tokenizer, folder, 0)
    config = PretrainConfig(hours=seconds / 3600, batch_tokens=_BATCH_TOKENS, **arm.shape)
    embeddings = word2vec_embeddings(tokens, vocab_size, config.hidden_size, 0) if arm.warm_start else None
    arm.kind(config, tokens, folder, vocab_size=vocab_size, special_ids=special_ids, embeddings=embeddings).run(
        save_seconds=seconds
    )
    last: dict[str, float] = json.loads((folder / PROGRESS).read_text().splitlines()[-1])
    return last


def main(
    output: Annotated[Path, typer.Option("--output", "-o", help="Run folder.")],
    arms: Annotated[list[str] | None, typer.Argument(help="Arms to run; none: print the table.")] = None,
    corpus: Annotated[list[str], typer.Option(help="Plain text, optionally =WEIGHT.")] = [],  # noqa: B006
    train: Annotated[list[Path], typer.Option(help="Labelled rows.")] = [],  # noqa: B006
    dev: Annotated[list[Path], typer.Option(help="Labelled rows to judge by.")] = [],  # noqa: B006
    seconds: Annotated[float, typer.Option(help="Of pretraining, for each arm.")] = 120.0,
    n_train: Annotated[int, typer.Option(help="Labelled rows used, whole documents.")] = 1_500,
    pretrained: Annotated[bool, typer.Option(help="No: fine-tune noise in the shape of the arm.")] = True,
) -> None:
    """Run arms, or print what has been run."""
    results = output / "results.jsonl"
    if not arms:
        typer.echo(table([json.loads(line) for line in results.read_text().splitlines()]))
        return
    documents = by_document([row for path in train for row in read_labelled(path)])
    random.Random(0).shuffle(documents)
    rows = [row for document in documents for row in document][:n_train]
    dev_rows = [row for path in dev for row in read_labelled(path)]
    for name in arms:
        folder = output / name.replace(" ", "_")
        progress = pretrain(ARMS[name], corpus, folder, seconds) if pretrained else {}
        scores = [
            finetune(
                folder,
                rows,
                dev_rows,
                folder / f"finetuned{seed}",
                FinetuneConfig(n_epochs=1, learning_rate=2e-4, random_weights=not pretrained, seed=seed),
                _SHORT_WINDOWS,
            )["macro_f1"]
            for seed in _SEEDS
        ]
        line = {"arm": name if pretrained else f"{name}, not pretrained", "macro_f1": scores, **progress}
        with results.open("a") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def table(results: list[dict[str, Any]]) -> str:
    """Markdown, best first."""
    lines = ["| backbone | tokens seen | macro-F1, mean of three seeds | lowest to highest |", "|---|---|---|---|"]
    for one in sorted(results, key=lambda one: -statistics.mean(one["macro_f1"])):
        scores = one["macro_f1"]
        seen = f"{one['n_tokens_seen'] / 1e6:.2f} M" if "n_tokens_seen" in one else ""
        spread = f"{min(scores):.3f} to {max(scores):.3f}"
        lines.append(f"| {one['arm']} | {seen} | {statistics.mean(scores):.3f} | {spread} |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
