"""Temperature scaling: one number that makes confidence match accuracy (Guo et al. 2017)."""

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
