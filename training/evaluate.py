"""Evaluate predictions on labelled paragraphs and write the report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from service.core.bundle import Bundle, Prediction
from service.core.labels import LABEL_BY_ID, LABEL_IDS
from training.baselines import majority, tfidf_logistic
from training.calibrate import Abstention, fit_min_score
from training.data.schema import LabelledParagraph, by_document
from training.dataset import examples, without_context
from training.metrics import (
    Interval,
    LabelScore,
    accuracy,
    expected_calibration_error,
    label_scores,
    macro_f1,
    macro_f1_interval,
)


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one labelled file; :func:`markdown` and :func:`draw_confusion` show it."""

    n_paragraphs: int
    n_documents: int
    macro_f1: Interval
    accuracy: float
    calibration_error: float
    abstention: Abstention
    without_context: Interval
    labels: list[LabelScore]
    by_field: dict[str, tuple[int, float, float]]
    confusion: np.ndarray
    baselines: dict[str, Interval]
    worst: list[tuple[str, str, int]]

    def summary(self) -> dict[str, Any]:
        """The figures that travel in the manifest."""
        return {
            "n_paragraphs": self.n_paragraphs,
            "n_documents": self.n_documents,
            "macro_f1": asdict(self.macro_f1),
            "macro_f1_without_context": asdict(self.without_context),
            "accuracy": self.accuracy,
            "expected_calibration_error": self.calibration_error,
            "abstention": asdict(self.abstention),
            "baselines": {name: asdict(interval) for name, interval in self.baselines.items()},
        }


def judge_documents(bundle: Bundle, rows: Sequence[LabelledParagraph]) -> list[Prediction]:
    """Predictions in document context, each document judged as a whole, in order."""
    judged = iter(bundle.classify([item.paragraph for item in examples(rows)]))
    return [
        prediction for document in by_document(rows) for prediction in bundle.decode([next(judged) for _ in document])
    ]


def evaluate(
    bundle: Bundle, rows: Sequence[LabelledParagraph], train: Sequence[LabelledParagraph] | None = None
) -> Evaluation:
    """Score labelled rows with a loaded model, with and without context.

    :param train: the rows the model was trained on, to train the baselines on; without them there are none.
    """
    inputs = [item.paragraph for item in examples(rows)]
    predictions = judge_documents(bundle, rows)
    gold, documents = [row.label for row in rows], [row.document for row in rows]
    predicted = [prediction.label for prediction in predictions]
    alone = [p.label for p in bundle.classify([without_context(paragraph) for paragraph in inputs])]
    correct = np.asarray(gold) == np.asarray(predicted)
    confidence = np.asarray([p.score for p in predictions])
    fields: dict[str, tuple[int, float, float]] = {}
    for field in sorted({row.field for row in rows}):
        chosen = [i for i, row in enumerate(rows) if row.field == field]
        g, p = [gold[i] for i in chosen], [predicted[i] for i in chosen]
        fields[field or "-"] = (len(chosen), accuracy(g, p), macro_f1(g, p))
    baselines = {}
    if train:
        for name, baseline in (("TF-IDF + logistic regression", tfidf_logistic), ("majority", majority)):
            baselines[name] = macro_f1_interval(documents, gold, baseline(train, rows))
    confused = Counter((g, p) for g, p in zip(gold, predicted, strict=True) if g != p)
    return Evaluation(
        n_paragraphs=len(rows),
        n_documents=len(set(documents)),
        macro_f1=macro_f1_interval(documents, gold, predicted),
        accuracy=accuracy(gold, predicted),
        calibration_error=expected_calibration_error(confidence, correct),
        abstention=fit_min_score(confidence, correct),
        without_context=macro_f1_interval(documents, gold, alone),
        labels=label_scores(gold, predicted),
        by_field=fields,
        confusion=confusion_matrix(gold, predicted, labels=list(LABEL_IDS)),
        baselines=baselines,
        worst=[(g, p, n) for (g, p), n in confused.most_common(8)],
    )


def markdown(evaluation: Evaluation, title: str) -> str:
    """The evaluation as a Markdown page."""
    e = evaluation
    lines = [
        f"# {title}",
        "",
        f"{e.n_paragraphs} paragraphs of {e.n_documents} documents. Intervals: 95%, bootstrap over documents.",
        "",
        "| | macro-F1 |",
        "|---|---|",
        f"| model, with document context | {e.macro_f1} |",
        f"| model, paragraph alone | {e.without_context} |",
        *(f"| {name} | {interval} |" for name, interval in e.baselines.items()),
        "",
        f"Accuracy {e.accuracy:.3f}; expected calibration error {e.calibration_error:.3f}. Predictions with a score of",
        f"{e.abstention.min_score:.2f} or more are right in {e.abstention.accuracy:.0%} of cases; they are "
        f"{e.abstention.coverage:.0%} of all.",
        "",
        "| label | precision | recall | F1 | n |",
        "|---|---|---|---|---|",
        *(f"| {s.label} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |" for s in e.labels),
        "",
        "| field | n | accuracy | macro-F1 |",
        "|---|---|---|---|",
        *(f"| {field} | {n} | {a:.3f} | {f:.3f} |" for field, (n, a, f) in e.by_field.items()),
        "",
        "Confusion (rows: gold, columns: predicted)",
        "",
        "```",
        confusion_text(e.confusion),
        "```",
        "",
        "Most confused: " + ("; ".join(f"{g} as {p} {n}" for g, p, n in e.worst) or "none") + ".",
        "",
    ]
    return "\n".join(lines)


def confusion_text(matrix: np.ndarray) -> str:
    """A confusion matrix of the taxonomy as aligned text."""
    short = [label[:5] for label in LABEL_IDS]
    head = " " * 13 + " ".join(f"{name:>5}" for name in short)
    rows = [f"{label:13}" + " ".join(f"{n:>5}" for n in row) for label, row in zip(LABEL_IDS, matrix, strict=True)]
    return "\n".join([head, *rows])


def draw_confusion(matrix: np.ndarray, path: Path) -> None:
    """Draw the confusion matrix, rows scaled to shares of the gold label."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

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
