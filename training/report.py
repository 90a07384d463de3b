"""The page and the pictures that show what :mod:`training.evaluate` measured."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np

from service.core.labels import LABEL_BY_ID, LABEL_IDS
from training.evaluate import Evaluation, Part
from training.metrics import Interval

mpl.use("Agg")
from matplotlib import pyplot

_N_CONFUSIONS, _N_EXAMPLES, _N_CHARACTERS = 8, 2, 90


def markdown(
    evaluation: Evaluation, title: str, arms: Mapping[str, Interval] | None = None, quotable: Collection[str] = ()
) -> str:
    """The evaluation as a section of a Markdown page.

    :param arms: macro-F1 of other models on the same rows, in context, each paragraph by itself.
    :param quotable: texts that may be printed as examples; those of others are not ours to show.
    """
    e = evaluation
    low, accepted = e.abstention.min_score, f"{e.abstention.coverage:.0%}"
    lines = [
        f"## {title}",
        "",
        f"{e.n_paragraphs} paragraphs of {e.n_documents} documents. Intervals: 95%, bootstrap over documents.",
        "",
        "| | macro-F1 |",
        "|---|---|",
        f"| model, with document context | {e.macro_f1} |",
        f"| model, with context, each paragraph judged by itself | {e.one_by_one} |",
        f"| model, paragraph alone | {e.without_context} |",
        *(f"| {name} | {interval} |" for name, interval in e.baselines.items()),
        *(f"| {name} | {interval} |" for name, interval in (arms or {}).items()),
        "",
        f"Accuracy {e.accuracy:.3f}; expected calibration error {e.calibration_error:.3f}. Of the predictions with a",
        f"score of {low:.2f} or more, {e.abstention.accuracy:.0%} are right; they are {accepted} of all.",
        "",
        "| label | precision | recall | F1 | n |",
        "|---|---|---|---|---|",
        *(f"| {s.label} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |" for s in e.labels),
        "",
        *_table("field", e.by_field),
        *_table("length", e.by_length),
        "Confusion (rows: gold, columns: predicted)",
        "",
        "```",
        confusion_text(e.confusion),
        "```",
        "",
        *_confusions(e, quotable),
        "",
    ]
    return "\n".join(lines)


def _table(head: str, parts: Mapping[str, Part]) -> list[str]:
    return [
        f"| {head} | n | accuracy | macro-F1 |",
        "|---|---|---|---|",
        *(f"| {name} | {n} | {accuracy:.3f} | {f1:.3f} |" for name, (n, accuracy, f1) in parts.items()),
        "",
    ]


def _confusions(evaluation: Evaluation, quotable: Collection[str]) -> list[str]:
    """The most frequent confusions, with examples where there are any to show."""
    counts = Counter((gold, given) for gold, given, _ in evaluation.mistakes)
    lines = []
    for (gold, given), n in counts.most_common(_N_CONFUSIONS):
        lines.append(f"- {gold} as {given}: {n}")
        examples = [text for g, p, text in evaluation.mistakes if (g, p) == (gold, given) and text in quotable]
        lines += [
            f"  - {text[:_N_CHARACTERS]}{'…' if len(text) > _N_CHARACTERS else ''}" for text in examples[:_N_EXAMPLES]
        ]
    return ["Most confused:", "", *lines] if lines else ["No paragraph was confused."]


def confusion_text(matrix: np.ndarray) -> str:
    """A confusion matrix of the taxonomy as aligned text."""
    short = [label[:5] for label in LABEL_IDS]
    head = " " * 13 + " ".join(f"{name:>5}" for name in short)
    rows = [f"{label:13}" + " ".join(f"{n:>5}" for n in row) for label, row in zip(LABEL_IDS, matrix, strict=True)]
    return "\n".join([head, *rows])


def draw_confusion(matrix: np.ndarray, path: Path) -> None:
    """Draw the confusion matrix, rows scaled to shares of the gold label."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(7.5, 6.5), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [LABEL_BY_ID[label].id for label in LABEL_IDS]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else "black",
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_calibration(evaluations: Mapping[str, Evaluation], path: Path, n_bins: int = 10) -> None:
    """Draw accuracy over confidence, a line for each evaluation; on the diagonal scores mean what they say."""
    figure, axes = pyplot.subplots(figsize=(5, 4.5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    for name, evaluation in evaluations.items():
        bins = np.minimum((evaluation.confidence * n_bins).astype(int), n_bins - 1)
        filled = [index for index in range(n_bins) if (bins == index).any()]
        axes.plot(
            [evaluation.confidence[bins == index].mean() for index in filled],
            [evaluation.correct[bins == index].mean() for index in filled],
            marker="o",
            label=name,
        )
    axes.set_xlabel("confidence")
    axes.set_ylabel("accuracy")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
