"""Which backbone learns most in equal time: shapes, tokenizers, schedules, starts and objectives.

    python -m benchmarks.backbones --corpus CORPUS --train ROWS.jsonl --dev ROWS.jsonl -o RUN [ARM ...]

Each arm differs from the first in one thing, is pretrained for the same seconds of processor time, word2vec included,
and then fine-tuned with three seeds; macro-F1 on the dev rows is the judge. Results are appended to ``results.jsonl``
in the run folder, so that arms can be run side by side, each on one core (``OMP_NUM_THREADS=1``), where processor time
is wall-clock less the waiting; without arms the table is printed. The arms are far smaller than the embedded model: on
two cores only a proxy sees enough text in minutes to be told from another.
"""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.arms import record, table
from service.core.encode import EncodingConfig
from training.cli import tokenizer as make_tokenizer
from training.data.schema import read_labelled
from training.data.split import some_documents
from training.finetune import FinetuneConfig, finetune
from training.initialization import word2vec_embeddings
from training.pretrain import PROGRESS, PretrainConfig, Pretraining
from training.replaced import ReplacedTokenDetection
from training.tokens import load_tokens

_SEEDS = (0, 1, 2)
_N_TOKENIZER_CHARACTERS = 4_000_000
_N_WORD2VEC_TOKENS = 8_000_000  # half a minute
_SHORT_WINDOWS = EncodingConfig(max_tokens=144, n_preceding_tokens=24, n_following_tokens=16, n_overlap_tokens=16)
_BATCH_TOKENS = 2048  # a short budget needs many updates more than smooth ones


@dataclass(frozen=True)
class Arm:
    """One way to make a backbone.

    :ivar shape: fields of :class:`PretrainConfig` that differ from the first arm's.
    :ivar warm_start: begin with word2vec embeddings.
    :ivar kind: the objective.
    """

    vocab_size: int = 12_000
    max_piece_length: int = 4
    warm_start: bool = True
    kind: type[Pretraining] = Pretraining
    shape: dict[str, Any] = field(default_factory=dict)


_PROXY = {"n_layers": 4, "hidden_size": 128, "n_heads": 4, "intermediate_size": 512}
ARMS = {
    "4 × 128, 12,000 pieces of up to 4 characters": Arm(),
    "single characters": Arm(vocab_size=6_000, max_piece_length=1),
    "20,000 pieces of up to 6 characters": Arm(vocab_size=20_000, max_piece_length=6),
    "2 × 192": Arm(shape={"n_layers": 2, "hidden_size": 192, "n_heads": 6, "intermediate_size": 768}),
    "8 × 96": Arm(shape={"n_layers": 8, "hidden_size": 96, "n_heads": 3, "intermediate_size": 384}),
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
    started = time.process_time()
    shape = {**_PROXY, **arm.shape}
    embeddings = (
        word2vec_embeddings(tokens, vocab_size, shape["hidden_size"], 0, _N_WORD2VEC_TOKENS) if arm.warm_start else None
    )
    left = seconds - (time.process_time() - started)
    config = PretrainConfig(hours=left / 3600, batch_tokens=_BATCH_TOKENS, **shape)
    arm.kind(
        config,
        tokens,
        folder,
        vocab_size=vocab_size,
        special_ids=special_ids,
        embeddings=embeddings,
        clock=time.process_time,
    ).run(save_seconds=seconds)
    last: dict[str, float] = json.loads((folder / PROGRESS).read_text().splitlines()[-1])
    return last


def main(
    output: Annotated[Path, typer.Option("--output", "-o", help="Run folder.")],
    arms: Annotated[list[str] | None, typer.Argument(help="Arms to run; none: print the table.")] = None,
    corpus: Annotated[list[str], typer.Option(help="Plain text, optionally =WEIGHT.")] = [],  # noqa: B006
    train: Annotated[list[Path], typer.Option(help="Labelled rows.")] = [],  # noqa: B006
    dev: Annotated[list[Path], typer.Option(help="Labelled rows to judge by.")] = [],  # noqa: B006
    seconds: Annotated[float, typer.Option(help="Of pretraining, for each arm.")] = 240.0,
    n_train: Annotated[int, typer.Option(help="Labelled rows used, whole documents.")] = 3_000,
    pretrained: Annotated[bool, typer.Option(help="No: fine-tune noise in the shape of the arm.")] = True,
) -> None:
    """Run arms, or print what has been run."""
    results = output / "results.jsonl"
    if not arms:
        typer.echo(table(results))
        return
    rows = some_documents([row for path in train for row in read_labelled(path)], n_train)
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
                FinetuneConfig(n_epochs=2, random_weights=not pretrained, seed=seed),
                _SHORT_WINDOWS,
            )["macro_f1"]
            for seed in _SEEDS
        ]
        record(results, name if pretrained else f"{name}, not pretrained", scores, **progress)


if __name__ == "__main__":
    typer.run(main)
