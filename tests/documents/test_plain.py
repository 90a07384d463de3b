"""Plain text and Markdown in every usual encoding."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InputError
from service.core.segment import segment
from service.documents.plain import decode
from service.documents.reader import read_document

TEXT = (
    "同志们:\n  今天召开全镇春耕备耕动员会,主要任务是部署当前农业生产工作。\n一、抢抓农时\n各村要在三月底前完成备种。\n"
)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
    ],
    ids=["utf-8", "utf-8 with mark", "gb18030", "utf-16", "utf-16-be with mark", "utf-16-le without mark"],
)
def test_every_usual_encoding_is_read(data: bytes) -> None:
    assert read_document(data, "a.txt").text == TEXT


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_utf8_always_comes_back(text: str) -> None:
    assert decode(text.encode()).removeprefix("\ufeff") == text.removeprefix("\ufeff")


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03" * 40, codecs.BOM_UTF8 + b"\xff\xfe\xfd", bytes(range(256)) * 4])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="UTF-8"):
        read_document(data, "a.txt")


def test_markdown_keeps_its_blocks() -> None:
    source = "# 全县教育工作会议讲话\n\n同志们:\n\n## 一、回顾\n\n今年**入园率**提高,\n群众满意。\n\n"
    source += "- 开工三所\n- 竣工两所\n\n| 学校 | 学位 |\n|---|---|\n| 一小 | 800 |\n"
    paragraphs = segment(read_document(source.encode(), "a.md")).paragraphs
    assert [(p.role, p.level, p.text) for p in paragraphs] == [
        ("heading", 0, "全县教育工作会议讲话"),
        ("salutation", None, "同志们:"),
        ("heading", 1, "一、回顾"),
        ("body", None, "今年入园率提高,群众满意。"),
        ("body", None, "开工三所"),
        ("body", None, "竣工两所"),
        ("body", None, "学校\t学位"),
        ("body", None, "一小\t800"),
    ]
