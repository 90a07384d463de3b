"""A text becomes a document: paragraphs with offsets, roles, the headings they stand under and their speech.

Roles come from the form of the lines alone; what a paragraph does is the model's to say. Offsets are code points of
the original text, end exclusive. A page that collects several speeches is divided into its parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from service.core.encode import ParagraphInput
from service.core.headings import is_date, is_salutation, is_signature, opening_heading
from service.core.lines import Line, group_lines, read_lines
from service.core.source import SourceText
from service.core.text import normalize
from service.core.webpage import is_part_title, is_site_line

SEGMENTER_VERSION = "2"

Role = Literal["heading", "salutation", "body", "signature", "date", "noise"]

_FEWEST_PARAGRAPHS_OF_A_SPEECH = 4
_LONGEST_STYLED_HEADING = 200  # more is text in the wrong style, which every paragraph of its section would repeat


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of a document.

    :ivar text: ``document.text[start:end]``; it holds line breaks where the page broke the paragraph.
    :ivar start: first code point in the document's text.
    :ivar end: end of the paragraph, exclusive.
    :ivar index: number in reading order, from 0.
    :ivar section: headings above the paragraph, outermost first; a heading is not above itself, nor above the text
        that follows it in the same line.
    :ivar role: what the form of the line says; ``noise`` belongs to the web page and not to a speech.
    :ivar level: level of the heading that the paragraph is or begins with, 0 for a title; else ``None``.
    :ivar heading: the heading that the paragraph is or begins with; else ``None``.
    :ivar part: number of the speech in a collection, from 0; ``None`` outside its speeches and in a single speech.
    """

    text: str
    start: int
    end: int
    index: int
    section: tuple[str, ...]
    role: Role
    level: int | None
    heading: str | None = None
    part: int | None = None


@dataclass(frozen=True)
class Document:
    """A text and its paragraphs in reading order."""

    text: str
    paragraphs: tuple[Paragraph, ...]

    def inputs(self) -> list[ParagraphInput]:
        """Each paragraph with its headings and its neighbours' text, as the encoder takes it.

        Neighbours are of the same part, and site lines are neighbours of site lines only.
        """
        inputs: dict[int, ParagraphInput] = {}
        for _, members in groupby(
            sorted(self.paragraphs, key=lambda p: (p.role == "noise", -1 if p.part is None else p.part)),
            key=lambda p: (p.role == "noise", p.part),
        ):
            group = list(members)
            for before, paragraph, after in zip([None, *group], group, [*group[1:], None], strict=False):
                inputs[paragraph.index] = ParagraphInput(
                    text=paragraph.text,
                    headings=paragraph.section,
                    before=before.text if before else "",
                    after=after.text if after else "",
                )
        return [inputs[paragraph.index] for paragraph in self.paragraphs]


@dataclass(frozen=True)
class _Block:
    """Consecutive lines that are one paragraph."""

    lines: Sequence[Line]
    noise: bool

    @property
    def start(self) -> int:
        return self.lines[0].start

    @property
    def end(self) -> int:
        return self.lines[-1].end


def _blocks(source: SourceText) -> Iterator[_Block]:
    """Site lines alone, the lines between them grouped into paragraphs."""

    def kind(line: Line) -> tuple[bool, bool]:
        noise = is_part_title(line.text) or is_site_line(line.text)
        return noise, noise or source.whole_lines or line.start in source.heading_levels

    for (noise, single), run in groupby(read_lines(source.text), key=kind):
        for group in [[line] for line in run] if single else group_lines(list(run)):
            yield _Block(group, noise)


def _parts(blocks: Sequence[_Block]) -> list[int | None]:
    """The speech that each block belongs to; all ``None`` unless the text is a collection.

    A part begins at its title, or, where a title was lost, at a line that addresses the audience anew.
    """
    titles = [i for i, block in enumerate(blocks) if block.noise and is_part_title(block.lines[0].text)]
    if not titles:
        return [None] * len(blocks)
    titled = frozenset(titles)
    addresses = {i for i, block in enumerate(blocks) if not block.noise and _opens_speech(block)}
    parts: list[int | None] = []
    n_parts, n_paragraphs = 0, 0
    inside = any(i < titles[0] for i in addresses)  # else what stands before the first title introduces the page
    for i, block in enumerate(blocks):
        if i in titled:
            inside, n_parts, n_paragraphs = True, n_parts + (n_paragraphs > 0), 0
        elif i in addresses and n_paragraphs >= _FEWEST_PARAGRAPHS_OF_A_SPEECH:
            n_parts, n_paragraphs = n_parts + 1, 0
        spoken = inside and not block.noise
        n_paragraphs += spoken
        parts.append(n_parts if spoken else None)
    return parts


def _opens_speech(block: _Block) -> bool:
    text = block.lines[0].text
    return len(block.lines) == 1 and is_salutation(text) and normalize(text).endswith(":")


def segment(source: str | SourceText) -> Document:
    """Divide a text into paragraphs.

    :param source: a whole document, or a page that collects several; from a file with what its styles say.
    :returns: the document; it has no paragraphs if nothing visible is in the text.
    """
    if isinstance(source, str):
        source = SourceText(source)
    text = source.text
    blocks = list(_blocks(source))
    parts = _parts(blocks)
    collection = any(part is not None for part in parts)
    paragraphs: list[Paragraph] = []
    path = _SectionPath()
    current: int | None = None
    begun = False
    for index, (block, part) in enumerate(zip(blocks, parts, strict=True)):
        noise = block.noise or (collection and part is None)
        if not noise and part != current:
            path, current, begun = _SectionPath(), part, False
        own = text[block.start : block.end]
        if noise:
            paragraphs.append(Paragraph(own, block.start, block.end, index, (), "noise", None, None, part))
            continue
        heading = opening_heading(own, first=not begun)
        styled = source.heading_levels.get(block.start)
        if styled is not None and len(own) <= _LONGEST_STYLED_HEADING:
            heading = styled, own
        elif heading is not None and heading[1] == own and len(block.lines) > 1:
            heading = None  # a paragraph that its page broke
        role: Role = "heading" if heading is not None and heading[1] == own else _spoken_role(own)
        section = path.enter(heading)
        level, words = heading or (None, None)
        paragraphs.append(Paragraph(own, block.start, block.end, index, section, role, level, words, part))
        begun = True
    return Document(text, tuple(_with_endings(paragraphs)))


class _SectionPath:
    """The headings that stand above the place reached in a document."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, str]] = []

    def enter(self, heading: tuple[int, str] | None) -> tuple[str, ...]:
        """Go on to a paragraph that begins with a heading or with none, and tell the headings above it."""
        if heading is not None:
            self._steps = [step for step in self._steps if step[0] < heading[0]]
        above = tuple(text for _, text in self._steps)
        if heading is not None:
            self._steps.append(heading)
        return above


def _with_endings(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph]:
    """Mark dates, and signatures at the ends of documents."""
    for i, paragraph in enumerate(paragraphs):
        after = next((p for p in paragraphs[i + 1 : i + 2] if p.part == paragraph.part and p.role != "noise"), None)
        dated = after is not None and is_date(after.text)
        if paragraph.role == "noise" or paragraph.level == 0:
            yield paragraph
        elif is_date(paragraph.text):
            yield replace(paragraph, role="date", level=None, heading=None)
        elif paragraph.role == "body" and (after is None or dated) and is_signature(paragraph.text, before_date=dated):
            yield replace(paragraph, role="signature")
        else:
            yield paragraph


def _spoken_role(text: str) -> Role:
    return "salutation" if is_salutation(text) else "body"


def with_context(texts: Sequence[str]) -> list[ParagraphInput]:
    """Give consecutive paragraphs of one document each other as context, as they stand.

    :param texts: paragraphs in reading order; empty ones are kept in place.
    """
    path = _SectionPath()
    return [
        ParagraphInput(
            text=text,
            headings=path.enter(opening_heading(text, first=i == 0)),
            before=texts[i - 1] if i else "",
            after=texts[i + 1] if i + 1 < len(texts) else "",
        )
        for i, text in enumerate(texts)
    ]
