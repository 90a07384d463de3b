"""How the windows of a long paragraph are best combined.

    python -m benchmarks.windows ROWS.jsonl [ROWS.jsonl ...]

Few paragraphs exceed the model's own window, so shorter ones are tried too: every paragraph of the rows that then has
several windows is scored in its context by each rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from service.core.bundle import Bundle
from service.core.encode import EncodedParagraph, Encoder
from service.core.labels import LABEL_IDS
from service.core.predictor import softmax
from service.settings import EMBEDDED_MODEL
from training.data.schema import read_labelled
from training.dataset import examples
from training.metrics import accuracy, macro_f1

Rule = Callable[[np.ndarray], np.ndarray]  # logits, one row a window -> a score for each label

RULES: dict[str, Rule] = {
    "mean of logits": lambda logits: logits.mean(axis=0),
    "mean of probabilities": lambda logits: softmax(logits).mean(axis=0),
    "highest logit": lambda logits: logits.max(axis=0),
    "most confident window": lambda logits: logits[softmax(logits).max(axis=-1).argmax()],
    "first window": lambda logits: logits[0],
    "last window": lambda logits: logits[-1],
}


def _judged(encoded: Sequence[EncodedParagraph], logits: np.ndarray, rule: Rule) -> list[str]:
    labels, start = [], 0
    for paragraph in encoded:
        end = start + len(paragraph.windows)
        labels.append(LABEL_IDS[int(rule(logits[start:end]).argmax())])
        start = end
    return labels


def main(
    paths: Annotated[list[Path], typer.Argument(help="Labelled rows that the model has not seen.")],
    max_tokens: Annotated[list[int], typer.Option(help="Window; may be repeated.")] = [384, 192, 128],  # noqa: B006
    model: Path = EMBEDDED_MODEL,
) -> None:
    """Print a table: accuracy and macro-F1 of each rule for each window."""
    bundle = Bundle.load(model)
    if tuple(bundle.manifest.labels) != LABEL_IDS:
        raise typer.BadParameter(f"{model} has its labels in another order than the taxonomy")
    items = examples([row for path in paths for row in read_labelled(path)])
    columns = {}
    for n in max_tokens:
        config = replace(bundle.encoder.config, max_tokens=n, n_overlap_tokens=min(48, n // 8))
        encoder = Encoder.from_tokenizer(bundle.encoder.tokenizer, config)
        pairs = [(item, paragraph) for item in items if len((paragraph := encoder.encode(item.paragraph)).windows) > 1]
        encoded = [paragraph for _, paragraph in pairs]
        gold = [item.label for item, _ in pairs]
        logits = bundle.predictor.window_logits([window for paragraph in encoded for window in paragraph.windows])
        judged = {name: _judged(encoded, logits, rule) for name, rule in RULES.items()}
        columns[f"{n} tokens, n = {len(pairs)}"] = {
            name: f"{accuracy(gold, labels):.3f}, {macro_f1(gold, labels):.3f}" for name, labels in judged.items()
        }
    typer.echo(f"| accuracy, macro-F1 | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name in RULES:
        typer.echo(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")


if __name__ == "__main__":
    typer.run(main)
