"""Functions inside a mixed paragraph: its sentences judged one by one, smoothed, and joined into spans.

Each sentence is classified where it stands, with the rest of its paragraph around it. A linear chain whose links are
how often one function follows another from sentence to sentence then weighs the sentences of a paragraph together
(:mod:`service.core.decode`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.bundle import Prediction
from service.core.decode import Transitions
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS
from service.core.segment import Document
from service.core.sentences import split_sentences
from service.core.text import normalize

_STAY = 0.1  # probability that the next sentence does the same, for models that do not know better


@dataclass(frozen=True)
class Span:
    """Sentences of one function in a row.

    :ivar start: first code point in the document's text.
    :ivar end: end of the span, exclusive.
    :ivar score: mean probability of the label over the characters.
    """

    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True)
class Sentence:
    """One sentence to be judged.

    :ivar paragraph: index of its paragraph.
    :ivar start: first code point in the document's text.
    :ivar end: end of the sentence, exclusive.
    :ivar context: the sentence as the encoder takes it.
    """

    paragraph: int
    start: int
    end: int
    context: ParagraphInput


def document_sentences(document: Document) -> Iterator[Sentence]:
    """The sentences of every body paragraph that has two or more, in reading order."""
    for paragraph, whole in zip(document.paragraphs, document.inputs(), strict=True):
        spans = sentence_spans(whole.text) if paragraph.role == "body" else []
        for start, end in spans if len(spans) > 1 else ():
            yield Sentence(paragraph.index, paragraph.start + start, paragraph.start + end, whole.stretch(start, end))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence in which the model would see anything."""
    return [(start, end) for start, end in split_sentences(text) if normalize(text[start:end])]


def label_spans(
    sentences: Sequence[Sentence],
    judged: Sequence[Prediction],
    transitions: Transitions | None = None,
) -> dict[int, list[Span]]:
    """Spans of each paragraph that was split, by its index.

    :param judged: the prediction of each sentence.
    :param transitions: how functions follow each other from sentence to sentence, in the order of the taxonomy.
    """
    transitions = transitions or sticky_transitions(_STAY)
    members: dict[int, list[tuple[Sentence, np.ndarray]]] = {}
    for sentence, prediction in zip(sentences, judged, strict=True):
        members.setdefault(sentence.paragraph, []).append((sentence, _probabilities(prediction)))
    spans = {}
    for index, pairs in members.items():
        probabilities = np.stack([row for _, row in pairs])
        states = transitions.posteriors(probabilities).argmax(axis=1)
        spans[index] = _joined([sentence for sentence, _ in pairs], probabilities, states.tolist())
    return spans


def _probabilities(prediction: Prediction) -> np.ndarray:
    scores = dict(prediction.scores)
    return np.asarray([scores[label] for label in LABEL_IDS])


def sticky_transitions(stay: float) -> Transitions:
    """A chain that keeps its function with probability ``stay`` and prefers no other."""
    n = len(LABEL_IDS)
    following = np.full((n, n), np.log((1 - stay) / (n - 1)))
    np.fill_diagonal(following, np.log(stay))
    return Transitions(1.0, (0.0,) * n, tuple(map(tuple, following.tolist())), (0.0,) * n)


def _joined(sentences: Sequence[Sentence], probabilities: np.ndarray, path: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    for sentence, row, state in zip(sentences, probabilities, path, strict=True):
        label, score = LABEL_IDS[state], float(row[state])
        if spans and spans[-1].label == label:
            last = spans.pop()
            before, own = last.end - last.start, sentence.end - sentence.start
            score = (last.score * before + score * own) / (before + own)
            spans.append(Span(last.start, sentence.end, label, score))
        else:
            spans.append(Span(sentence.start, sentence.end, label, score))
    return spans
