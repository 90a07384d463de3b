"""Lines of a text as typed, and which of them belong to one paragraph.

Pages break paragraphs in three ways: a fixed width wraps them, a link that was taken out leaves its word on a line of
its own, and a whole speech runs on in a single line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.core.headings import heading_level, is_numbered, is_salutation
from service.core.text import normalize

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ENDED = re.compile(r"[。!?;:….\")】》]$")
_CONTINUES = re.compile(r"[,、。;:!?)】》%]")
_FIELD = re.compile(r"[\u4e00-\u9fff]{2,8}:")  # of minutes: ``主持人:``, ``会议内容:``
# Words that text-collection sites turn into links, which break the sentence around them.
_LINK_WORD = re.compile(
    r"(?:(?:年终|年度|个人|述职|调研|考察|自查|整改)?(?:工作)?(?:报告|总结|计划|方案|汇报)"
    r"|心得体会|讲话稿?|发言稿?|演讲稿?|主持词|倡议书|承诺书|责任书|合同|规章制度|实施方案|应急预案|学习资料)[。.,]?"
)
_NARROWEST_WRAP, _WIDEST_WRAP = 15, 80
_FULL_SHARE = 0.85
_FEWEST_WRAPPED = 4
_LONGEST_UNBROKEN = 1500
_ORDINAL = "[一二三四五六七八九十]{1,3}"
_INNER_START = re.compile(rf"(?<=[。!?;:\uff01\uff1f\uff1b\uff1a])\s*(?=(?:{_ORDINAL}、|[(\uff08]{_ORDINAL}[)\uff09]))")


@dataclass(frozen=True)
class Line:
    """One visible line, stripped.

    :ivar start: its first code point in the whole text.
    :ivar indented: white space stood before it.
    :ivar spaced: an empty line stood before it.
    """

    text: str
    start: int
    indented: bool
    spaced: bool

    @property
    def end(self) -> int:
        """End of the line in the whole text, exclusive."""
        return self.start + len(self.text)


def read_lines(text: str) -> list[Line]:
    """The visible lines of a text; a very long line that holds several numbered headings is divided at them."""
    lines: list[Line] = []
    end = 0
    for match in _LINE.finditer(text):
        raw = match.group()
        stripped = raw.strip()
        if not normalize(stripped):
            continue
        start = match.start() + len(raw) - len(raw.lstrip())
        spaced = text.count("\n", end, start) > 1
        for piece_start, piece in _divide(stripped):
            lines.append(Line(piece, start + piece_start, start > match.start(), spaced or piece_start > 0))
        end = match.end()
    return lines


def _divide(line: str) -> list[tuple[int, str]]:
    cuts = [match.end() for match in _INNER_START.finditer(line)] if len(line) > _LONGEST_UNBROKEN else []
    if len(cuts) < 2:
        return [(0, line)]
    pieces = []
    for start, end in zip([0, *cuts], [*cuts, len(line)], strict=True):
        pieces.append((start, line[start:end].rstrip()))
    return pieces


def wrap_width(lines: Sequence[Line]) -> int | None:
    """The width at which a text is wrapped, in characters, or ``None`` if its lines are whole paragraphs.

    In wrapped text nearly all lines that stop in mid-sentence are equally long, and hardly any line is longer.
    """
    unfinished = [len(line.text) for line in lines if not _ENDED.search(normalize(line.text))]
    if len(unfinished) < _FEWEST_WRAPPED:
        return None
    width = sorted(unfinished)[int(0.9 * len(unfinished))]
    n_full = sum(length >= width * _FULL_SHARE for length in unfinished)
    n_longer = sum(len(line.text) > width * 1.1 for line in lines)
    wrapped = n_full >= 0.75 * len(unfinished) and n_longer <= 0.05 * len(lines)
    return width if wrapped and _NARROWEST_WRAP <= width <= _WIDEST_WRAP else None


def group_lines(lines: Sequence[Line]) -> list[list[Line]]:
    """Put lines together that are one paragraph."""
    width = wrap_width(lines)
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _belongs(groups[-1], line, width):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _is_link(line: Line) -> bool:
    return _LINK_WORD.fullmatch(normalize(line.text)) is not None


def _belongs(group: list[Line], line: Line, width: int | None) -> bool:
    before, own = normalize(group[-1].text), normalize(line.text)
    if _CONTINUES.match(own):
        return True
    if is_salutation(line.text) or is_numbered(line.text) or _FIELD.match(own):
        return False
    if len(group) > 1 and _is_link(group[-1]) and before.endswith("。"):  # the stop was put in with the break
        return True
    full = width is not None and len(group[-1].text) >= width * _FULL_SHARE  # a line cut by the width, no heading
    if is_salutation(group[-1].text) or (not full and heading_level(group[-1].text) is not None):
        return False
    if _is_link(line) and (before.endswith(("的。", "的", ",", "、")) or not _ENDED.search(before)):
        return True
    if before.endswith((",", "、")) and not line.indented:
        return True
    return full and not line.spaced and not line.indented
