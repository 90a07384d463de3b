"""Temperature scaling (Guo et al. 2017), and the confidence from which predictions may be trusted."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from service.core.predictor import softmax


def negative_log_likelihood(logits: np.ndarray, gold: np.ndarray) -> float:
    """Mean negative log-likelihood in nats of the gold labels.

    :param logits: *shape* ``(n, n_labels)``.
    :param gold: label indices, *shape* ``(n,)``.
    """
    probabilities = softmax(logits)[np.arange(len(gold)), gold]
    return float(-np.log(np.maximum(probabilities, 1e-12)).mean())


def fit_temperature(logits: np.ndarray, gold: np.ndarray) -> float:
    """The temperature between 0.2 and 5 that minimises the likelihood loss on held-out paragraphs.

    :param logits: raw logits of whole paragraphs, *shape* ``(n, n_labels)``.
    :param gold: label indices, *shape* ``(n,)``.
    :raises ValueError: there is nothing to fit on.
    """
    if len(gold) == 0:
        raise ValueError("no labelled paragraph to fit the temperature on; give --dev a file with rows")
    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits / np.exp(log_t), gold), bounds=np.log([0.2, 5.0]), method="bounded"
    )
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Abstention:
    """What it takes to reach an accuracy by answering only where the score is high enough.

    :ivar min_score: least score of an accepted prediction; above 1 if no score suffices.
    :ivar coverage: share of the predictions that are accepted.
    """

    accuracy: float
    min_score: float
    coverage: float


def fit_min_score(confidence: np.ndarray, correct: np.ndarray, accuracy: float = 0.97) -> Abstention:
    """The least score at which the predictions that reach it are right often enough.

    :param confidence: probability of the predicted label, *shape* ``(n,)``.
    :param correct: whether it was right, *shape* ``(n,)``.
    """
    order = np.argsort(-confidence, kind="stable")
    scores = confidence[order]
    reached = np.cumsum(correct[order]) / np.arange(1, len(order) + 1) >= accuracy
    reached[:-1] &= scores[:-1] > scores[1:]  # predictions of one score are accepted together
    if not reached.any():
        return Abstention(accuracy, 1.01, 0.0)
    last = int(np.flatnonzero(reached)[-1])
    return Abstention(accuracy, float(scores[last]), (last + 1) / len(order))
