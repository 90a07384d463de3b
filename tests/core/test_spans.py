"""Sentences of mixed paragraphs become spans of one function each."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.core.bundle import Bundle
from service.core.segment import segment
from service.core.spans import document_sentences, label_spans, viterbi
from service.outline import outline_document

TEXT = "同志们:\n前三季度没有发生一起火灾。但是,有的村值班脱岗。对此要通报批评。\n一、下一步工作\n把火源管住。"


def test_only_paragraphs_of_several_sentences_are_split() -> None:
    document = segment(TEXT)
    sentences = document_sentences(document)
    assert {sentence.paragraph for sentence in sentences} == {1}
    assert [TEXT[s.start : s.end] for s in sentences] == [s.context.text for s in sentences]
    assert [s.context.before for s in sentences] == ["同志们:", "前三季度没有发生一起火灾。", "但是,有的村值班脱岗。"]
    assert sentences[-1].context.after == "一、下一步工作"


def test_spans_cover_their_paragraph(tiny: Bundle) -> None:
    document = segment(TEXT)
    sentences = document_sentences(document)
    spans = label_spans(sentences, tiny.classify([s.context for s in sentences]), tiny.classify(document.inputs()))[1]
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


@given(st.integers(1, 5), st.floats(0.05, 0.95), st.integers(0, 1000))
def test_viterbi_finds_the_best_of_all_sequences(n_steps: int, stay: float, seed: int) -> None:
    evidence = np.random.default_rng(seed).normal(size=(n_steps, 3))

    def value(path: tuple[int, ...]) -> float:
        moves = sum(np.log(stay if a == b else (1 - stay) / 2) for a, b in itertools.pairwise(path))
        return float(evidence[np.arange(n_steps), list(path)].sum() + moves)

    best = max(itertools.product(range(3), repeat=n_steps), key=value)
    assert abs(value(tuple(viterbi(evidence, stay))) - value(best)) < 1e-9
