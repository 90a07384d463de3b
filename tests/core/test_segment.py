import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.segment import heading_level, is_salutation, segment, with_context
from service.core.text import normalize

SPEECH = """在全县安全生产会议上的讲话

同志们:
  今天开会,讲两点意见。
一、认清形势
形势不容乐观。
(一)隐患还多
有三处尾矿库没有验收。
二、抓好落实
明天起开展排查。
"""


@given(st.text(alphabet=st.sampled_from("同志们:一、(二)好\r\n \u2028\u3000a"), max_size=80))
def test_offsets_reconstruct_the_paragraphs(text: str) -> None:
    document = segment(text)
    end = 0
    for index, paragraph in enumerate(document.paragraphs):
        assert paragraph.index == index
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.start >= end
        end = paragraph.end
    kept = "".join(normalize(p.text) for p in document.paragraphs)
    assert kept.replace(" ", "") == normalize(text).replace(" ", "")


def test_every_paragraph_knows_its_section() -> None:
    sections = {p.text: p.section for p in segment(SPEECH).paragraphs}
    title = "在全县安全生产会议上的讲话"
    assert sections["今天开会,讲两点意见。"] == (title,)
    assert sections["形势不容乐观。"] == (title, "一、认清形势")
    assert sections["有三处尾矿库没有验收。"] == (title, "一、认清形势", "(一)隐患还多")
    assert sections["明天起开展排查。"] == (title, "二、抓好落实")
    assert sections["二、抓好落实"] == (title,)


def test_roles() -> None:
    assert [p.role for p in segment(SPEECH).paragraphs][:4] == ["heading", "salutation", "body", "heading"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第一部分 工作回顾", 1),
        ("一、提高认识", 2),
        ("（一）加强领导", 3),
        ("1、抓宣传", 4),
        ("(1)抓排查", 5),
        ("(一)加强领导。要成立专班,每周调度。", None),
        ("1.5万亩高标准农田", None),
        ("一、", None),
        ("今天的会议很重要", None),
    ],
)
def test_heading_levels(line: str, level: int | None) -> None:
    assert heading_level(line) == level


@pytest.mark.parametrize(("line", "expected"), [("同志们:", True), ("各位代表：", True), ("希望大家努力:", False)])
def test_salutations(line: str, expected: bool) -> None:
    assert is_salutation(line) is expected


def test_context_is_the_neighbours_and_the_headings() -> None:
    first, second, third = with_context(["一、认清形势", "形势不容乐观。", "任务很重。"])
    assert (first.headings, first.before, first.after) == ((), "", "形势不容乐观。")
    assert (second.headings, second.before, second.after) == (("一、认清形势",), "一、认清形势", "任务很重。")
    assert (third.before, third.after) == ("形势不容乐观。", "")


def test_invisible_text_has_no_paragraphs() -> None:
    assert segment(" \n\u200b\n\u3000").paragraphs == ()
