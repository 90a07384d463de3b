"""A text becomes a document: paragraphs with offsets, roles and the headings they stand under.

One non-empty line is one paragraph. Roles come from the form of a line alone; what the paragraph does is the
model's to say. Offsets are code points of the original text, end exclusive.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.core.encode import ParagraphInput
from service.core.text import normalize

SEGMENTER_VERSION = "1"

Role = Literal["heading", "salutation", "body"]

_LONGEST_HEADING = 40
_NUMERAL = "[一二三四五六七八九十百零0-9]"
# Outermost first; the index is the level of the heading, 0 being an unnumbered title.
_NUMBERING: tuple[re.Pattern[str], ...] = (
    re.compile(rf"第{_NUMERAL}+(?:部分|编|章)"),
    re.compile(rf"[一二三四五六七八九十]+[、.,]|第{_NUMERAL}+节"),
    re.compile(r"\([一二三四五六七八九十]+\)"),
    re.compile(r"[0-9]{1,2}(?:[、.](?![0-9])|\)(?=\D))"),
    re.compile(r"\([0-9]{1,2}\)"),
)
_INNER_STOP = re.compile(r"[。;!?](?=.)")
_FINAL_STOP = re.compile(r"[。;!?,、:.…\"]$")
_SALUTATION = re.compile(
    r"(?:同志|代表|委员|领导|来宾|嘉宾|朋友|女士|先生|老师|同学|家长|战友|乡亲|父老|员工|同仁|理事|会员|党员)[们]?"
)
_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of a document.

    :ivar text: ``document.text[start:end]``.
    :ivar start: first code point in the document's text.
    :ivar end: end of the paragraph, exclusive.
    :ivar index: number in reading order, from 0.
    :ivar section: headings above the paragraph, outermost first; a heading is not above itself.
    :ivar role: what the form of the line says.
    :ivar level: level of a heading, 0 for a title; ``None`` for other roles.
    """

    text: str
    start: int
    end: int
    index: int
    section: tuple[str, ...]
    role: Role
    level: int | None


@dataclass(frozen=True)
class Document:
    """A text and its paragraphs in reading order."""

    text: str
    paragraphs: tuple[Paragraph, ...]

    def inputs(self) -> list[ParagraphInput]:
        """Each paragraph with its headings and its neighbours' text, as the encoder takes it."""
        texts = [paragraph.text for paragraph in self.paragraphs]
        return [
            ParagraphInput(
                text=paragraph.text,
                headings=paragraph.section,
                before=texts[i - 1] if i else "",
                after=texts[i + 1] if i + 1 < len(texts) else "",
            )
            for i, paragraph in enumerate(self.paragraphs)
        ]


def heading_level(line: str, *, first: bool = False) -> int | None:
    """Level of a heading by its form, or ``None`` if the line is no heading.

    A heading is short and holds at most one sentence. Without a number only the first line of a document can be one.

    :param line: one line as typed.
    :param first: the line is the first of its document.
    """
    normal = normalize(line)
    if not normal or len(normal) > _LONGEST_HEADING or _INNER_STOP.search(normal):
        return None
    for level, numbering in enumerate(_NUMBERING, start=1):
        match = numbering.match(normal)
        if match:
            return level if len(normal) > match.end() or level == 1 else None
    if first and len(normal) > 3 and not _FINAL_STOP.search(normal):
        return 0
    return None


def is_salutation(line: str) -> bool:
    """Whether a line only addresses the audience, such as ``同志们:``."""
    normal = normalize(line)
    return (
        len(normal) <= _LONGEST_HEADING
        and normal.endswith((":", "!", ","))
        and _SALUTATION.search(normal) is not None
        and _INNER_STOP.search(normal) is None
    )


def from_lines(lines: Sequence[tuple[int, str]], text: str) -> Document:
    """Build a document from stripped, non-empty lines and the offset at which each begins in ``text``."""
    paragraphs: list[Paragraph] = []
    path: list[tuple[int, str]] = []
    for index, (start, line) in enumerate(lines):
        level = heading_level(line, first=index == 0)
        if level is not None:
            path = [step for step in path if step[0] < level]
        paragraphs.append(
            Paragraph(
                text=line,
                start=start,
                end=start + len(line),
                index=index,
                section=tuple(heading for _, heading in path),
                role="heading" if level is not None else "salutation" if is_salutation(line) else "body",
                level=level,
            )
        )
        if level is not None:
            path.append((level, line))
    return Document(text, tuple(paragraphs))


def segment(text: str) -> Document:
    """Split a text at its line breaks.

    :param text: a whole document.
    :returns: the document; it has no paragraphs if nothing visible is in the text.
    """
    lines = []
    for match in _LINE.finditer(text):
        line = match.group()
        stripped = line.strip()
        if normalize(stripped):
            lines.append((match.start() + len(line) - len(line.lstrip()), stripped))
    return from_lines(lines, text)


def with_context(texts: Sequence[str]) -> list[ParagraphInput]:
    """Give consecutive paragraphs of one document each other as context.

    :param texts: paragraphs in reading order; empty ones are kept in place.
    """
    lines, offset = [], 0
    for text in texts:
        lines.append((offset, text))
        offset += len(text) + 1
    return from_lines(lines, "\n".join(texts)).inputs()
