"""Judging the paragraphs of a document together: which function follows which.

A linear chain over the document: the evidence of each paragraph is its own calibrated probabilities, the links are how
often one function follows another in labelled documents, raised to a power fitted on held-out documents. The scores
are posterior marginals, computed forwards and backwards (Rabiner 1989), so they are probabilities still.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FLOOR = 1e-9


@dataclass(frozen=True)
class Transitions:
    """How functions follow each other, in the order of the model's labels.

    :ivar strength: power of the links; 0 leaves every paragraph to itself.
    :ivar first: log-probability that a document begins with the label, one for each label.
    :ivar following: log-probability that the label of the column follows that of the row.
    :ivar last: log-probability that a document ends after the label.
    """

    strength: float
    first: tuple[float, ...]
    following: tuple[tuple[float, ...], ...]
    last: tuple[float, ...]

    def __post_init__(self) -> None:
        """:raises ValueError: the parts are not of one size, or not numbers."""
        n = len(self.first)
        following = np.asarray(self.following, dtype=float)
        if following.shape != (n, n) or len(self.last) != n:
            raise ValueError(f"transitions of {n} labels need {n} × {n} links and {n} endings")
        parts = np.concatenate([[self.strength], self.first, self.last, following.ravel()])
        if not np.isfinite(parts).all() or self.strength < 0:
            raise ValueError("transitions must be finite, and their strength not negative")

    def posteriors(self, probabilities: np.ndarray) -> np.ndarray:
        """Marginal probabilities of each paragraph's labels given the whole document.

        :param probabilities: of each paragraph by itself, in reading order, *shape* ``(n_paragraphs, n_labels)``.
        :returns: rows sum to 1, *shape* ``(n_paragraphs, n_labels)``, float64.
        """
        if len(probabilities) == 0:
            return np.asarray(probabilities, dtype=np.float64)
        evidence = np.log(np.maximum(probabilities.astype(np.float64), _FLOOR))
        links = self.strength * np.asarray(self.following)
        forwards, backwards = np.empty_like(evidence), np.empty_like(evidence)
        forwards[0] = evidence[0] + self.strength * np.asarray(self.first)
        for i in range(1, len(evidence)):
            forwards[i] = evidence[i] + np.logaddexp.reduce(forwards[i - 1][:, None] + links, axis=0)
        backwards[-1] = self.strength * np.asarray(self.last)
        for i in range(len(evidence) - 2, -1, -1):
            backwards[i] = np.logaddexp.reduce(links + evidence[i + 1] + backwards[i + 1], axis=1)
        joint = forwards + backwards
        marginals: np.ndarray = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
        return marginals


def from_lists(values: dict[str, object]) -> Transitions:
    """Transitions as JSON holds them.

    :raises TypeError: a field is missing or of the wrong type.
    :raises ValueError: the parts do not fit together.
    """
    first, following, last = values["first"], values["following"], values["last"]
    if not (isinstance(first, Sequence) and isinstance(following, Sequence) and isinstance(last, Sequence)):
        raise TypeError("transitions are lists of numbers")
    return Transitions(float(values["strength"]), tuple(first), tuple(map(tuple, following)), tuple(last))  # type: ignore[arg-type]
