"""What the form of one line says: heading and its level, or salutation."""

import re

from service.core.text import normalize

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
_ENUMERATION = re.compile(r"(?:[一二三四五六七八九十]+(?:是|要|则|、)|第[一二三四五六七八九十]+[,、]|其[一二三四五六])")
_INNER_STOP = re.compile(r"[。;!?](?=.)")
_FINAL_STOP = re.compile(r"[。;!?,、:.…\"]$")
_SALUTATION = re.compile(
    r"(?:同志|代表|委员|领导|来宾|嘉宾|朋友|女士|先生|老师|同学|家长|战友|乡亲|父老|员工|同仁|同事|理事|会员|党员)[们]?"
)


def is_numbered(line: str) -> bool:
    """Whether a line begins with a number of a heading or of a list item: ``一、``, ``(二)``, ``3.``, ``一是`` …"""
    normal = normalize(line)
    return any(numbering.match(normal) for numbering in _NUMBERING) or _ENUMERATION.match(normal) is not None


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
