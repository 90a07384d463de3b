from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.bundle import Bundle
from service.core.encode import Encoder, ParagraphInput, pad, plan_batches, window_spans
from service.core.errors import BundleError, EmptyTextError


@given(st.integers(1, 3000), st.integers(20, 200), st.integers(0, 19))
def test_windows_cover_every_token_and_overlap(n_tokens: int, room: int, n_overlap: int) -> None:
    spans = window_spans(n_tokens, room, n_overlap)
    assert spans[0][0] == 0
    assert spans[-1][1] == n_tokens
    for (_, end), (start, _) in pairwise(spans):
        assert end - start >= n_overlap
    assert all(0 < end - start <= room for start, end in spans)


@given(st.lists(st.integers(1, 400), max_size=40), st.integers(1, 2000))
def test_batches_hold_each_window_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = plan_batches(lengths, budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= budget


def test_a_lone_paragraph_is_one_segment(tiny: Bundle) -> None:
    [window] = tiny.encoder.encode(ParagraphInput("今天召开会议。")).windows
    assert window.ids[0] == tiny.encoder.cls_id
    assert window.ids[-1] == tiny.encoder.sep_id
    assert not window.segments.any()


def test_context_is_the_first_segment(tiny: Bundle) -> None:
    alone = tiny.encoder.encode(ParagraphInput("今天召开会议。"))
    paired = tiny.encoder.encode(ParagraphInput("今天召开会议。", ("一、认识",), "前面。", "后面。"))
    [window] = paired.windows
    own = window.ids[window.segments == 1]
    assert own.tolist() == alone.windows[0].ids[1:].tolist()
    assert paired.n_tokens == alone.n_tokens


def test_a_sentence_alone_bears_the_second_segment_in_its_paragraph(tiny: Bundle) -> None:
    sentence = ParagraphInput("要抓紧改。", ("一、情况",), preceding="成绩不小。" * 60, following="明年再看。" * 60)
    [window] = tiny.encoder.encode(sentence).windows
    ids = tiny.encoder.tokenizer.encode("要抓紧改。", add_special_tokens=False).ids
    [first, *_] = own = np.flatnonzero(window.segments == 1)[:-1]
    assert window.ids[own].tolist() == ids
    assert own.tolist() == list(range(first, first + len(ids)))
    assert len(window) <= tiny.encoder.config.max_tokens
    decoded = tiny.encoder.tokenizer.decode(window.ids.tolist()).replace(" ", "")
    assert "成绩不小。要抓紧改。明年再看。" in decoded


def test_a_long_sentence_keeps_its_paragraph_around_every_window(tiny: Bundle) -> None:
    sentence = ParagraphInput("要抓紧改，" * 300, preceding="成绩不小。", following="明年再看。")
    windows = tiny.encoder.encode(sentence).windows
    assert len(windows) > 1
    assert all(len(window) <= tiny.encoder.config.max_tokens for window in windows)
    assert all((window.segments == 0).sum() > 1 for window in windows)


def test_a_long_paragraph_is_never_cut(tiny: Bundle) -> None:
    text = "要抓好春耕备耕,落实责任。" * 60
    encoded = tiny.encoder.encode(ParagraphInput(text, before="前面的话。"))
    assert len(encoded.windows) > 1
    assert all(len(window) <= tiny.encoder.config.max_tokens for window in encoded.windows)
    n_own = [np.count_nonzero(window.segments) - 1 for window in encoded.windows]  # the last [SEP] is marked too
    assert len(set(n_own)) == 1  # so that each counts the same
    assert sum(n_own) >= encoded.n_tokens


def test_padding_marks_what_is_real(tiny: Bundle) -> None:
    windows = [tiny.encoder.encode(ParagraphInput(t)).windows[0] for t in ("好。", "今天召开全县安全生产会议。")]
    batch = pad(windows)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (2, max(map(len, windows)))
    assert batch["attention_mask"].sum(axis=1).tolist() == [len(w) for w in windows]
    assert np.array_equal(batch["input_ids"][0, : len(windows[0])], windows[0].ids)


def test_empty_text_is_refused(tiny: Bundle) -> None:
    with pytest.raises(EmptyTextError, match="文本为空"):
        tiny.encoder.encode(ParagraphInput(" \u200b\n"))


def test_a_broken_tokenizer_is_refused(tmp_path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(BundleError, match=r"tokenizer\.json"):
        Encoder.from_file(path)


def test_a_sentence_takes_no_more_of_its_paragraph_along_than_can_be_read(tiny: Bundle) -> None:
    text = "要抓好春耕备耕。" * 5000
    near = text[8 * 2500 - 4000 : 8 * 2501 + 4000]
    sentence = ParagraphInput(text).stretch(8 * 2500, 8 * 2501)
    assert len(sentence.preceding) + len(sentence.following) < 5000
    [window] = tiny.encoder.encode(sentence).windows
    [same] = tiny.encoder.encode(ParagraphInput(near).stretch(4000, 4008)).windows
    assert window.ids.tolist() == same.ids.tolist()
