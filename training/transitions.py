"""How functions follow each other in labelled documents, and how much that should count."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from service.core.decode import Transitions
from service.core.labels import LABEL_IDS
from training.data.schema import LabelledParagraph, by_document
from training.dataset import Example

_SENTENCE_STRENGTH = 0.6  # chosen on held-out documents: at full strength pure paragraphs gain and mixed ones lose
_SMOOTHING = 0.5  # added to every count, so that nothing is impossible (Jeffreys)


def count_transitions(rows: Sequence[LabelledParagraph]) -> Transitions:
    """Smoothed relative frequencies of what follows what, beginnings and ends included, at full strength."""
    return _count([[row.label for row in document] for document in by_document(rows)])


def count_sentence_transitions(paragraphs: Sequence[Sequence[Example]]) -> Transitions | None:
    """The same from sentence to sentence inside paragraphs that mix functions; ``None`` if there are none.

    :param paragraphs: the sentences of each, as :func:`training.dataset.sentence_examples` gives them.
    """
    sequences = [[item.label for item in paragraph] for paragraph in paragraphs]
    return replace(_count(sequences), strength=_SENTENCE_STRENGTH) if sequences else None


def _count(sequences: Sequence[Sequence[str]]) -> Transitions:
    n = len(LABEL_IDS)
    counts = np.full((n + 1, n + 1), _SMOOTHING)  # the last row is the beginning, the last column the end
    for labels in sequences:
        states = [n, *map(LABEL_IDS.index, labels), n]
        np.add.at(counts, (states[:-1], states[1:]), 1)
    logs = np.log(counts / counts.sum(axis=1, keepdims=True)).round(4)
    following = tuple(tuple(row) for row in logs[:n, :n].tolist())
    return Transitions(1.0, tuple(logs[n, :n].tolist()), following, tuple(logs[:n, n].tolist()))


def fit_strength(transitions: Transitions, documents: Sequence[tuple[np.ndarray, np.ndarray]]) -> Transitions:
    """The strength between 0 and 1 under which held-out labels are most probable.

    :param documents: calibrated probabilities *of shape* ``(n_paragraphs, n_labels)`` and gold label indices
        *of shape* ``(n_paragraphs,)`` of each held-out document.
    :raises ValueError: there is nothing to fit on.
    """
    if not documents:
        raise ValueError("no labelled document to fit the strength of transitions on")

    def loss(strength: float) -> float:
        tried = replace(transitions, strength=strength)
        total = sum(
            float(np.log(np.maximum(tried.posteriors(p)[np.arange(len(gold)), gold], 1e-12)).sum())
            for p, gold in documents
        )
        return -total / sum(len(gold) for _, gold in documents)

    found = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 0.01})
    return replace(transitions, strength=round(float(found.x), 2))
