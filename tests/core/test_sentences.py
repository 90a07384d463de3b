"""Sentences cover their paragraph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("成绩来之不易。问题不容忽视!", ["成绩来之不易。", "问题不容忽视!"]),
        ("一是思想松了;二是家底不清。", ["一是思想松了;", "二是家底不清。"]),
        ("他说:“办不成。”大家都笑了……会就散了。", ["他说:“办不成。”", "大家都笑了……", "会就散了。"]),
        ("只有一句", ["只有一句"]),
        ("增长3.5%。 ", ["增长3.5%。 "]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@given(st.text("。!?;”) \n甲乙1"))
def test_spans_cover_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in split_sentences(text)) == text
