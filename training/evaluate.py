"""Measure a model on labelled paragraphs; ``training.report`` shows the result."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from service.core.bundle import Bundle, Prediction
from service.core.labels import LABEL_IDS
from training.baselines import majority, tfidf_logistic
from training.calibrate import Abstention, fit_min_score
from training.data.schema import LabelledParagraph, by_document
from training.data.split import some_documents
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

Part = tuple[int, float, float]
_TRAINING_SHARES = (0.5, 0.25, 0.125)  # for the learning curve of the baseline
_LENGTHS = (16, 64, 128, 256)  # tokens; past the window a paragraph is scored in several pieces


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one labelled file.

    :ivar macro_f1: in document context, the paragraphs of a document judged together.
    :ivar one_by_one: in document context, each paragraph judged by itself.
    :ivar by_field: paragraphs, accuracy and macro-F1 by field.
    :ivar by_length: the same by tokens of the paragraph.
    :ivar confidence: score of each paragraph's label, in document context, *shape* ``(n_paragraphs,)``.
    :ivar correct: whether it was right, likewise.
    :ivar mistakes: gold label, label given and text of what went wrong, in order.
    """

    n_paragraphs: int
    n_documents: int
    macro_f1: Interval
    accuracy: float
    calibration_error: float
    abstention: Abstention
    one_by_one: Interval
    without_context: Interval
    labels: list[LabelScore]
    by_field: dict[str, Part]
    by_length: dict[str, Part]
    confidence: np.ndarray
    correct: np.ndarray
    mistakes: list[tuple[str, str, str]]
    confusion: np.ndarray
    baselines: dict[str, Interval]

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


def _length_class(prediction: Prediction) -> str:
    if prediction.n_windows > 1:
        return "several windows"
    low = 1
    for high in _LENGTHS:
        if prediction.n_tokens <= high:
            return f"{low} to {high} tokens"
        low = high + 1
    return f"{low} tokens or more, one window"


def _by_number(name: str) -> tuple[int, str]:
    first = name.split()[0]
    return (int(first) if first.isdigit() else 1_000_000, name)


def _parts(names: Sequence[str], gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Part]:
    """Size, accuracy and macro-F1 of each part, parts by name."""
    parts = {}
    for name in sorted(set(names), key=_by_number):
        chosen = [i for i, own in enumerate(names) if own == name]
        g, p = [gold[i] for i in chosen], [predicted[i] for i in chosen]
        parts[name] = (len(chosen), accuracy(g, p), macro_f1(g, p))
    return parts


def judge_documents(
    bundle: Bundle, rows: Sequence[LabelledParagraph], predictions: Sequence[Prediction]
) -> list[Prediction]:
    """Predictions that judge each document as a whole, in order.

    :param predictions: of each row in its context, by itself.
    """
    single = iter(predictions)
    return [
        prediction for document in by_document(rows) for prediction in bundle.decode([next(single) for _ in document])
    ]


def evaluate(
    bundle: Bundle, rows: Sequence[LabelledParagraph], train: Sequence[LabelledParagraph] | None = None
) -> Evaluation:
    """Score labelled rows with a loaded model, with and without context.

    :param train: the rows the model was trained on, to train the baselines on, a half, a quarter and an eighth of their
        documents too; without them there are none.
    """
    inputs = [item.paragraph for item in examples(rows)]
    single = bundle.classify(inputs)
    predictions = judge_documents(bundle, rows, single)
    gold, documents = [row.label for row in rows], [row.document for row in rows]
    predicted = [prediction.label for prediction in predictions]
    alone = [p.label for p in bundle.classify([without_context(paragraph) for paragraph in inputs])]
    correct = np.asarray(gold) == np.asarray(predicted)
    confidence = np.asarray([p.score for p in predictions])
    lengths = [_length_class(prediction) for prediction in predictions]
    baselines = {}
    if train:
        for name, baseline in (("TF-IDF + logistic regression", tfidf_logistic), ("majority", majority)):
            baselines[name] = macro_f1_interval(documents, gold, baseline(train, rows))
        for share in _TRAINING_SHARES:
            part = some_documents(train, int(len(train) * share))
            name = f"TF-IDF + logistic regression on {len(by_document(part))} documents"
            baselines[name] = macro_f1_interval(documents, gold, tfidf_logistic(part, rows))
    return Evaluation(
        n_paragraphs=len(rows),
        n_documents=len(set(documents)),
        macro_f1=macro_f1_interval(documents, gold, predicted),
        accuracy=accuracy(gold, predicted),
        calibration_error=expected_calibration_error(confidence, correct),
        abstention=fit_min_score(confidence, correct),
        one_by_one=macro_f1_interval(documents, gold, [prediction.label for prediction in single]),
        without_context=macro_f1_interval(documents, gold, alone),
        labels=label_scores(gold, predicted),
        by_field=_parts([row.field or "-" for row in rows], gold, predicted),
        by_length=_parts(lengths, gold, predicted),
        confidence=confidence,
        correct=correct,
        mistakes=[(g, p, row.text) for g, p, row in zip(gold, predicted, rows, strict=True) if g != p],
        confusion=confusion_matrix(gold, predicted, labels=list(LABEL_IDS)),
        baselines=baselines,
    )
