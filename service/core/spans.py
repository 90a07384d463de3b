"""Functions inside a mixed paragraph: its sentences judged one by one, smoothed, and joined into spans.

Each sentence is classified like a paragraph whose neighbours are the sentences around it. The most probable sequence
under a sticky chain (Viterbi 1967) then decides, where the judgement of the whole paragraph counts as further evidence
for every sentence, so that a short link between two sentences of one kind does not part them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.bundle import Prediction
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS
from service.core.segment import Document, Paragraph
from service.core.sentences import split_sentences
from service.core.text import normalize

# Both chosen on mixed paragraphs that the model had not seen.
_STAY = 0.1  # probability that the next sentence does the same
_PARAGRAPH_WEIGHT = 0.2
_FLOOR = 1e-6


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


def document_sentences(document: Document) -> list[Sentence]:
    """The sentences of every body paragraph that has two or more, in reading order."""
    return [
        sentence
        for paragraph, whole in zip(document.paragraphs, document.inputs(), strict=True)
        if paragraph.role == "body"
        for sentence in _sentences(paragraph, whole)
    ]


def _sentences(paragraph: Paragraph, whole: ParagraphInput) -> Iterator[Sentence]:
    spans = [span for span in split_sentences(paragraph.text) if normalize(paragraph.text[slice(*span)])]
    if len(spans) < 2:
        return
    texts = [paragraph.text[start:end] for start, end in spans]
    befores, afters = [whole.before, *texts[:-1]], [*texts[1:], whole.after]
    for (start, end), text, before, after in zip(spans, texts, befores, afters, strict=True):
        context = ParagraphInput(text, whole.headings, before, after)
        yield Sentence(paragraph.index, paragraph.start + start, paragraph.start + end, context)


def label_spans(
    sentences: Sequence[Sentence], judged: Sequence[Prediction], paragraphs: Sequence[Prediction]
) -> dict[int, list[Span]]:
    """Spans of each paragraph that was split, by its index.

    :param judged: the prediction of each sentence.
    :param paragraphs: the predictions of all paragraphs of the document.
    """
    members: dict[int, list[tuple[Sentence, np.ndarray]]] = {}
    for sentence, prediction in zip(sentences, judged, strict=True):
        members.setdefault(sentence.paragraph, []).append((sentence, _probabilities(prediction)))
    spans = {}
    for index, pairs in members.items():
        probabilities = np.stack([row for _, row in pairs])
        whole = np.log(_probabilities(paragraphs[index]) + _FLOOR)
        path = viterbi(np.log(probabilities + _FLOOR) + _PARAGRAPH_WEIGHT * whole, _STAY)
        spans[index] = _joined([sentence for sentence, _ in pairs], probabilities, path)
    return spans


def _probabilities(prediction: Prediction) -> np.ndarray:
    scores = dict(prediction.scores)
    return np.asarray([scores[label] for label in LABEL_IDS])


def viterbi(evidence: np.ndarray, stay: float) -> list[int]:
    """The best sequence of states of a chain that keeps its state with probability ``stay``.

    :param evidence: log-likelihood of each state at each step, *shape* ``(n_steps, n_states)``.
    :returns: the state of each step.
    """
    n_states = evidence.shape[1]
    transitions = np.full((n_states, n_states), np.log((1 - stay) / (n_states - 1)))
    np.fill_diagonal(transitions, np.log(stay))
    best = evidence[0]
    origins = []
    for row in evidence[1:]:
        scores = best[:, None] + transitions
        origins.append(scores.argmax(axis=0))
        best = scores.max(axis=0) + row
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


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
