"""Files that LibreOffice and Chromium made come through with the paragraphs of their source."""

import re

import pytest

from service.core.segment import Document, segment
from service.documents.reader import read_document
from tests.documents.samples import FILES, HEADINGS, PARAGRAPHS, TITLE


def read(name: str) -> Document:
    return segment(read_document((FILES / name).read_bytes(), name))


def paragraphs_of_source() -> list[str]:
    """What a plain reading of the source's tags gives, by no code of the readers."""
    article = re.search(r"<article>(.*)</article>", (FILES / "source.html").read_text(), re.DOTALL)
    assert article is not None
    rows = re.sub(r"</td>\s*<td>", "", article.group(1))
    lines = re.sub(r"<[^>]+>", "", rows).split("\n")
    return [line for line in lines if line]


@pytest.mark.parametrize("name", ["source.html", "libreoffice.docx", "chromium.pdf", "libreoffice.pdf"])
def test_every_format_gives_the_same_paragraphs(name: str) -> None:
    paragraphs = read(name).paragraphs
    assert [re.sub(r"[\s]", "", p.text) for p in paragraphs] == paragraphs_of_source()
    for paragraph, (first, last) in zip(paragraphs, PARAGRAPHS, strict=True):
        assert paragraph.text.startswith(first)
        assert paragraph.text.endswith(last)


@pytest.mark.parametrize("name", ["source.html", "libreoffice.docx", "chromium.pdf", "libreoffice.pdf"])
def test_sections_follow_the_headings(name: str) -> None:
    document = read(name)
    headings = [p.text for p in document.paragraphs if p.role == "heading"]
    assert headings == [TITLE, *HEADINGS]
    assert document.paragraphs[4].section == (TITLE, HEADINGS[0])
    assert document.paragraphs[12].section[:2] == (TITLE, HEADINGS[2])


def test_automatic_numbers_of_word_stand_in_the_text() -> None:
    assert [p.text for p in read("numbered.docx").paragraphs] == [
        "冬季安全检查的安排",
        "一、时间安排",
        "(一)十月底前完成摸底。",
        "(二)十二月上旬组织验收。",
        "二、工作要求",
        "(一)逐户登记,不漏一家。",
    ]


def test_offsets_point_into_the_text_of_the_file() -> None:
    document = read("chromium.pdf")
    for paragraph in document.paragraphs:
        assert document.text[paragraph.start : paragraph.end] == paragraph.text
