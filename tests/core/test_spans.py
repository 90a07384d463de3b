"""Sentences of mixed paragraphs become spans of one function each."""

import itertools

import numpy as np

from service.core.bundle import Bundle, Prediction
from service.core.decode import Transitions
from service.core.labels import LABEL_IDS
from service.core.segment import segment
from service.core.spans import document_sentences, label_spans, sticky_transitions
from service.outline import outline_document

TEXT = "同志们:\n前三季度没有发生一起火灾。但是,有的村值班脱岗。对此要通报批评。\n一、下一步工作\n把火源管住。"


def test_only_paragraphs_of_several_sentences_are_split() -> None:
    document = segment(TEXT)
    sentences = list(document_sentences(document))
    assert {sentence.paragraph for sentence in sentences} == {1}
    assert [TEXT[s.start : s.end] for s in sentences] == [s.context.text for s in sentences]
    paragraph = document.paragraphs[1].text
    assert {s.context.preceding + s.context.text + s.context.following for s in sentences} == {paragraph}
    assert {(s.context.before, s.context.after) for s in sentences} == {("同志们:", "一、下一步工作")}


def test_spans_cover_their_paragraph(tiny: Bundle) -> None:
    document = segment(TEXT)
    sentences = list(document_sentences(document))
    spans = label_spans(sentences, tiny.classify([s.context for s in sentences]))[1]
    assert (spans[0].start, spans[-1].end) == (document.paragraphs[1].start, document.paragraphs[1].end)
    for left, right in itertools.pairwise(spans):
        assert left.end == right.start
        assert left.label != right.label
    assert all(0 < span.score <= 1 for span in spans)


def test_the_outline_gives_spans_on_request(tiny: Bundle) -> None:
    plain = outline_document(tiny, TEXT)
    split = outline_document(tiny, TEXT, sentences=True)
    assert "spans" not in plain["paragraphs"][1]
    assert [paragraph["spans"] is not None for paragraph in split["paragraphs"]] == [False, True, False, False]


def prediction(**scores: float) -> Prediction:
    rest = (1 - sum(scores.values())) / (len(LABEL_IDS) - len(scores))
    ranked = sorted(((label, scores.get(label, rest)) for label in LABEL_IDS), key=lambda pair: -pair[1])
    return Prediction(tuple(ranked), tuple(ranked), n_tokens=5, n_windows=1)


def test_the_links_between_functions_decide_where_the_sentence_does_not() -> None:
    document = segment(TEXT)
    sentences = list(document_sentences(document))
    judged = [prediction(summary=0.9), prediction(problem=0.45, situation=0.46), prediction(task=0.9)]
    following = np.full((len(LABEL_IDS), len(LABEL_IDS)), -3.0)
    following[LABEL_IDS.index("summary"), LABEL_IDS.index("problem")] = -0.5
    zeros = (0.0,) * len(LABEL_IDS)
    learned = Transitions(1.0, zeros, tuple(map(tuple, following.tolist())), zeros)
    assert [span.label for span in label_spans(sentences, judged)[1]] == ["summary", "situation", "task"]
    assert [span.label for span in label_spans(sentences, judged, learned)[1]] == ["summary", "problem", "task"]
    judged[2] = prediction(task=0.5)
    assert len(label_spans(sentences, judged, sticky_transitions(0.999))[1]) == 1
