import itertools
from dataclasses import replace

import numpy as np
import pytest

from service.core.bundle import Bundle
from service.core.decode import Transitions
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS


def chain(strength: float, seed: int = 0, n: int = 3) -> Transitions:
    rng = np.random.default_rng(seed)
    first, last = np.log(rng.dirichlet(np.ones(n), 2)).tolist()
    following = np.log(rng.dirichlet(np.ones(n), n)).tolist()
    return Transitions(strength, tuple(first), tuple(map(tuple, following)), tuple(last))


def by_enumeration(transitions: Transitions, probabilities: np.ndarray) -> np.ndarray:
    """The same marginals from every sequence of labels, one by one."""
    n_paragraphs, n_labels = probabilities.shape
    totals = np.zeros_like(probabilities)
    for labels in itertools.product(range(n_labels), repeat=n_paragraphs):
        links = sum(transitions.following[a][b] for a, b in itertools.pairwise(labels))
        log = transitions.strength * (transitions.first[labels[0]] + links + transitions.last[labels[-1]])
        weight = np.exp(log) * np.prod([row[label] for row, label in zip(probabilities, labels, strict=True)])
        for i, label in enumerate(labels):
            totals[i, label] += weight
    return totals / totals.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_marginals_are_those_of_all_sequences(strength: float) -> None:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(3), 5)
    transitions = chain(strength)
    assert transitions.posteriors(probabilities) == pytest.approx(by_enumeration(transitions, probabilities))


def test_without_strength_nothing_changes() -> None:
    probabilities = np.random.default_rng(2).dirichlet(np.ones(3), 7)
    assert chain(0.0).posteriors(probabilities) == pytest.approx(probabilities)


def test_certain_and_impossible_labels_stay_finite() -> None:
    probabilities = np.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    marginals = chain(1.0).posteriors(probabilities)
    assert np.isfinite(marginals).all()
    assert marginals.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_long_document_does_not_underflow() -> None:
    probabilities = np.random.default_rng(3).dirichlet(np.full(3, 0.01), 5000)
    assert chain(1.0).posteriors(probabilities).sum(axis=1) == pytest.approx(np.ones(5000))


@pytest.mark.parametrize(
    "change",
    [
        {"last": (0.0,)},
        {"following": ((0.0, 0.0, 0.0),)},
        {"strength": -1.0},
        {"first": (0.0, float("nan"), 0.0)},
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match="transitions"):
        replace(chain(1.0), **change)


def test_a_bundle_judges_a_document_together(tiny: Bundle, speech_lines: list[str]) -> None:
    inputs = [ParagraphInput(line) for line in speech_lines]
    assert tiny.manifest.transitions is not None
    n = len(LABEL_IDS)
    sticky = Transitions(
        1.0, (0.0,) * n, tuple(tuple(0.0 if i == j else -9.0 for j in range(n)) for i in range(n)), (0.0,) * n
    )
    bundle = replace(tiny, manifest=replace(tiny.manifest, transitions=sticky))
    together, alone = bundle.classify_document(inputs), bundle.classify(inputs)
    assert len({prediction.label for prediction in together}) <= len({prediction.label for prediction in alone})
    for joint, single in zip(together, alone, strict=True):
        assert sum(score for _, score in joint.scores) == pytest.approx(1)
        assert [score for _, score in joint.scores] == sorted((s for _, s in joint.scores), reverse=True)
        assert joint.raw_scores == single.raw_scores
    assert bundle.classify_document(inputs[:1]) == alone[:1]
    assert replace(tiny, manifest=replace(tiny.manifest, transitions=None)).classify_document(inputs) == alone
