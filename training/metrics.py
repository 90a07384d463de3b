"""Figures of merit for predicted labels, with confidence intervals over documents."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from service.core.labels import LABEL_IDS


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Mean F1 over the labels that occur in ``gold``."""
    labels = [label for label in LABEL_IDS if label in set(gold)]
    return float(f1_score(gold, predicted, labels=labels, average="macro", zero_division=0))


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Share of equal labels."""
    return float(np.mean(np.asarray(gold) == np.asarray(predicted)))


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, n_bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by size (Naeini et al. 2015).

    :param confidence: probability of the predicted label, *shape* ``(n,)``.
    :param correct: whether it was right, *shape* ``(n,)``.
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gap = 0.0
    for index in range(n_bins):
        chosen = bins == index
        if chosen.any():
            gap += chosen.mean() * abs(confidence[chosen].mean() - correct[chosen].mean())
    return float(gap)


@dataclass(frozen=True)
class Interval:
    """A value and its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def macro_f1_interval(
    documents: Sequence[str], gold: Sequence[str], predicted: Sequence[str], n_draws: int = 1000, seed: int = 0
) -> Interval:
    """Macro-F1 with a percentile interval from resampling whole documents (Efron and Tibshirani 1993).

    :param documents: document of each paragraph.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for index, document in enumerate(documents):
        rows[document].append(index)
    groups = [np.asarray(indices) for indices in rows.values()]
    gold_array, predicted_array = np.asarray(gold), np.asarray(predicted)
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n_draws):
        chosen = np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        draws.append(macro_f1(gold_array[chosen].tolist(), predicted_array[chosen].tolist()))
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(macro_f1(gold, predicted), float(low), float(high))


@dataclass(frozen=True)
class LabelScore:
    """Precision, recall and F1 of one label, and its number of gold paragraphs."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def label_scores(gold: Sequence[str], predicted: Sequence[str]) -> list[LabelScore]:
    """Scores of every label of the taxonomy, in its order."""
    columns = precision_recall_fscore_support(gold, predicted, labels=list(LABEL_IDS), zero_division=0)
    return [
        LabelScore(label, float(p), float(r), float(f), int(n))
        for label, p, r, f, n in zip(LABEL_IDS, *columns, strict=True)
    ]
