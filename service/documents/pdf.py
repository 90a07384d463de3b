"""PDF files with a text layer, by PDFium; paragraphs are put together again from where the lines stand on the page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2
from pypdfium2 import PdfiumError

from service.core.errors import InputError
from service.core.headings import is_numbered, is_salutation
from service.core.source import SourceText, SourceTextBuilder
from service.documents.limits import Limits

_PAGE_NUMBER = re.compile(r"\s*[-—–−\u2010-\u2015·第]?\s*[0-9]{1,4}\s*[-—–−\u2010-\u2015·页]?\s*")
_FEWEST_CHARACTERS_A_PAGE = 5
# In units of the type size.
_INDENT = 0.8
_SHORT_OF_MARGIN = 3.2  # a full line may stop this early: one mark may hang in the margin, and none begins a line
_LINE_SPACING = 1.35  # a wider gap than this many usual ones parts paragraphs
_MEASURED_GLYPHS = 12
_SIZES_ALIKE = 0.2  # glyphs of a second font may be a little taller
_FEWEST_INDENTED = 0.1  # share of lines from which indents are known to mark paragraphs
_ENDS = tuple("\u3002\uff01\uff1f\uff1b\uff1a\u2026.!?;:")


@dataclass(frozen=True)
class _Line:
    """One line of a page; distances in points, the origin at the bottom left."""

    text: str
    left: float
    right: float
    bottom: float
    size: float


def read_pdf(data: bytes, limits: Limits) -> SourceText:
    """Paragraphs of a PDF's text layer, page numbers left out.

    :raises InputError: the file is damaged, locked, scanned, or passes a limit.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        reason = "有密码保护：请先去掉密码" if "password" in str(error).lower() else "已损坏：请重新导出"
        raise InputError(f"PDF 文件{reason}") from error
    try:
        n_pages = len(document)
        if n_pages > limits.max_pages:
            raise InputError(f"PDF 有 {n_pages} 页，超过上限 {limits.max_pages}：请拆分后再试")
        pages: list[list[_Line]] = []
        n_characters = 0
        for number in range(n_pages):
            pages.append(_page_lines(document[number]))
            n_characters += sum(len(line.text) for line in pages[-1])
            limits.check_characters(n_characters)
    except PdfiumError as error:
        raise InputError("PDF 文件已损坏：请重新导出") from error
    finally:
        document.close()
    if n_characters < _FEWEST_CHARACTERS_A_PAGE * n_pages:
        raise InputError("PDF 没有文字层(多半是扫描件)：请先做文字识别(OCR)，或上传 Word 文件")
    builder = SourceTextBuilder()
    for paragraph in _paragraphs(pages):
        builder.add(paragraph)
    return builder.source(whole_lines=True)


def _page_lines(page: pypdfium2.PdfPage) -> list[_Line]:
    text_page = page.get_textpage()
    lines: list[_Line] = []
    position = 0
    for raw in text_page.get_text_range().split("\r\n"):
        text = raw.strip()
        if text:
            first = position + len(raw) - len(raw.lstrip())
            step = max(1, len(text) // _MEASURED_GLYPHS)
            places = {*range(first, first + len(text), step), first + len(text) - 1}
            boxes = [text_page.get_charbox(place, loose=True) for place in sorted(places)]
            # Some fonts give the box of the ink, and that of 一 is flat, so no single glyph tells the size.
            bottom, top = min(box[1] for box in boxes), max(box[3] for box in boxes)
            lines.append(_Line(text, boxes[0][0], boxes[-1][2], bottom, top - bottom))
        position += len(raw) + 2
    for place in (0, -1):
        if lines and _PAGE_NUMBER.fullmatch(lines[place].text):
            del lines[place]
    return lines


def _paragraphs(pages: Sequence[Sequence[_Line]]) -> Iterator[str]:
    """Lines joined while they run on: the line before reaches the right margin, and this one starts at the left."""
    lines = [(line, number) for number, page in enumerate(pages) for line in page]
    margins = [
        (min(line.left for line in page), max(line.right for line in page)) if page else (0, 0) for page in pages
    ]
    n_indented = sum(line.left - margins[number][0] > _INDENT * line.size for line, number in lines)
    indents_tell = n_indented >= _FEWEST_INDENTED * len(lines)
    gaps = sorted(
        before.bottom - line.bottom
        for (before, page), (line, own_page) in pairwise(lines)
        if page == own_page and before.bottom > line.bottom
    )
    usual_gap = gaps[len(gaps) // 2] if gaps else 0.0

    def runs_on(before: _Line, page: int, line: _Line, own_page: int) -> bool:
        full = before.right > margins[page][1] - _SHORT_OF_MARGIN * before.size
        indented = line.left - margins[own_page][0] > _INDENT * line.size
        alike = abs(before.size - line.size) <= _SIZES_ALIKE * line.size
        near = page != own_page or before.bottom - line.bottom <= _LINE_SPACING * usual_gap
        if not full or indented or not alike or not near or is_salutation(before.text):
            return False
        ended = before.text.endswith(_ENDS)
        return not ended or (indents_tell and not is_numbered(line.text))

    paragraph = ""
    for previous, (line, number) in zip([None, *lines], lines, strict=False):
        if previous is None or not runs_on(*previous, line, number):
            yield paragraph
            paragraph = ""
        latin = paragraph[-1:].isascii() and paragraph[-1:].isalpha() and line.text[0].isascii()
        paragraph += " " * latin + line.text
    yield paragraph
