"""Word files: paragraphs in reading order with their automatic numbers, tables by rows, headings by their styles."""

import io
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml.etree import XMLSyntaxError

from service.core.errors import InputError
from service.core.source import SourceText, SourceTextBuilder
from service.documents.limits import Limits
from service.documents.numbering import Numbering

_HEADING_STYLE = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_LONGEST_BOLD_HEADING = 40
_BOLD_LEVEL = 7  # under every numbered heading
_OFF = ("0", "false", "off", "none")
_UNREADABLE = (
    PackageNotFoundError,
    XMLSyntaxError,
    BadZipFile,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    RuntimeError,  # an encrypted part, an unknown compression, nesting that is too deep
    EOFError,
    OSError,
    lzma.LZMAError,
    zlib.error,
)
# Deleted and moved-away text, and the copy of a text box for old programs.
_HIDDEN = frozenset(map(qn, ("w:del", "w:moveFrom"))) | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}


def read_word(data: bytes, limits: Limits) -> SourceText:
    """Text of a ``.docx`` file: body, tables, text boxes and inserted text; no headers, footers or notes.

    :raises InputError: the file is damaged, or no Word file, or passes a limit.
    """
    limits.check_archive(data)
    try:
        document = Document(io.BytesIO(data))
        styles = _Styles(document.styles.element)
        numbering = Numbering(_numbering_root(document))
        builder = SourceTextBuilder()
        for element in _blocks(document.element.body):
            if element.tag == qn("w:tbl"):
                for row in element.iter(qn("w:tr")):
                    builder.add("\t".join(_cell_text(cell) for cell in row.iterfind(qn("w:tc"))))
            else:
                _add_paragraph(builder, element, styles, numbering)
            limits.check_characters(builder.n_characters)
    except _UNREADABLE as error:
        raise InputError(f"Word 文件读不出来({type(error).__name__})：请用 Word 或 WPS 另存为 .docx 再试") from error
    return builder.source(whole_lines=True)


def _numbering_root(document: Any) -> Any | None:
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/numbering") and not relation.is_external:
            return relation.target_part.element
    return None


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, also those inside content controls."""
    for child in parent:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag not in _HIDDEN and isinstance(child.tag, str):
            yield from _blocks(child)


def _text(element: Any) -> str:
    """Visible text of a paragraph without its text boxes."""
    pieces: list[str] = []
    for child in element:
        if child.tag in _HIDDEN or child.tag == qn("w:txbxContent"):
            continue
        if child.tag == qn("w:t"):
            pieces.append(child.text or "")
        elif child.tag in (qn("w:br"), qn("w:cr")):
            pieces.append("\n")
        elif child.tag == qn("w:tab") and element.tag == qn("w:r"):
            pieces.append("\t")
        elif child.tag == qn("w:noBreakHyphen"):
            pieces.append("-")
        elif isinstance(child.tag, str):
            pieces.append(_text(child))
    return "".join(pieces)


def _cell_text(cell: Any) -> str:
    return " ".join(filter(None, (_text(paragraph).strip() for paragraph in cell.iter(qn("w:p")))))


def _text_boxes(element: Any) -> Iterator[Any]:
    for child in element:
        if child.tag == qn("w:txbxContent"):
            yield from child.iter(qn("w:p"))
        elif child.tag not in _HIDDEN and isinstance(child.tag, str):
            yield from _text_boxes(child)


def _add_paragraph(builder: SourceTextBuilder, paragraph: Any, styles: "_Styles", numbering: Numbering) -> None:
    text = _text(paragraph).strip()
    number = styles.number(paragraph)
    if text and number is not None:
        text = numbering.next(*number) + text
    level = styles.heading_level(paragraph)
    if level is None and "\n" not in text and styles.is_bold_heading(paragraph, text):
        level = _BOLD_LEVEL
    for line in text.split("\n"):  # a line break inside a Word paragraph ends a line for its reader
        builder.add(line, level)
    for inner in _text_boxes(paragraph):
        builder.add(_text(inner))


class _Styles:
    """What paragraphs inherit from their styles."""

    def __init__(self, root: Any) -> None:
        self._by_id = {style.get(qn("w:styleId")): style for style in root.iterfind(qn("w:style"))}

    def _chain(self, paragraph: Any) -> Iterator[Any]:
        """Properties of the paragraph and of its styles, nearest first, each with the style or ``None``."""
        properties = paragraph.find(qn("w:pPr"))
        yield None, properties
        reference = None if properties is None else properties.find(qn("w:pStyle"))
        key = None if reference is None else reference.get(qn("w:val"))
        seen = set()
        while key in self._by_id and key not in seen:
            seen.add(key)
            style = self._by_id[key]
            yield style, style.find(qn("w:pPr"))
            based_on = style.find(qn("w:basedOn"))
            key = None if based_on is None else based_on.get(qn("w:val"))

    def heading_level(self, paragraph: Any) -> int | None:
        """Level by the outline or the name of a heading style; 0 for a title."""
        for style, properties in self._chain(paragraph):
            outline = None if properties is None else properties.find(qn("w:outlineLvl"))
            if outline is not None:
                level = int(outline.get(qn("w:val")))
                return level + 1 if level < 9 else None
            name = "" if style is None else style.find(qn("w:name")).get(qn("w:val"))
            if match := _HEADING_STYLE.fullmatch(name):
                return int(match.group(1))
            if name in ("Title", "title", "标题"):
                return 0
        return None

    def number(self, paragraph: Any) -> tuple[str, int] | None:
        """List and level that a paragraph counts in."""
        level = None
        for _, properties in self._chain(paragraph):
            number = None if properties is None else properties.find(qn("w:numPr"))
            if number is None:
                continue
            own_level, key = number.find(qn("w:ilvl")), number.find(qn("w:numId"))
            level = int(own_level.get(qn("w:val"))) if level is None and own_level is not None else level
            if key is not None:
                return None if key.get(qn("w:val")) == "0" else (key.get(qn("w:val")), level or 0)
        return None

    def is_bold_heading(self, paragraph: Any, text: str) -> bool:
        """Whether a short line is set in bold from end to end and does not end like a sentence."""
        if not 1 < len(text) <= _LONGEST_BOLD_HEADING or text.endswith(
            tuple("\u3002\uff01\uff1f\uff1b\uff0c\u3001\uff1a\u2026.!?;,:")
        ):
            return False
        runs = [run for run in paragraph.iter(qn("w:r")) if _text(run).strip()]
        return bool(runs) and all(_is_bold(run) for run in runs)


def _is_bold(run: Any) -> bool:
    properties = run.find(qn("w:rPr"))
    bold = None if properties is None else properties.find(qn("w:b"))
    return bold is not None and bold.get(qn("w:val"), "1") not in _OFF
