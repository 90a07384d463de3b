"""What the form of one line says: heading and its level, salutation, signature or date."""

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
_ORDINAL = re.compile(r"第[一二三四五六七八九十]+[,、:]")
_ORDINAL_LEVEL = len(_NUMBERING) + 1
_LONGEST_GLUED = 26  # a longer first sentence is a sentence, and no heading
_GLUED_END = re.compile("[\u3002\uff1a:]")
_ENUMERATION = re.compile(r"(?:[一二三四五六七八九十]+(?:是|要|则|、)|第[一二三四五六七八九十]+[,、]|其[一二三四五六])")
_INNER_STOP = re.compile(r"[。;!?](?=.)")
_FINAL_STOP = re.compile(r"[。;!?,、:.…\"]$")
_SALUTATION = re.compile(
    r"(?:同志|代表|委员|领导|来宾|嘉宾|朋友|女士|先生|老师|同学|家长|战友|乡亲|父老|员工|同仁|同事|理事|会员|党员)[们]?"
)
_DAY = "[0-9x×〇○零一二三四五六七八九十]"
_DATE = re.compile(rf"\(?(?:{_DAY}{{2,4}}年)?{_DAY}{{1,3}}月(?:{_DAY}{{1,3}}日)?(?:[上下]午)?\)?|\(?{_DAY}{{4}}年\)?")
_SIGNED = re.compile(r"(?:签名|署名|签字|(?:述职|报告|发言|汇报|承诺|倡议|检讨)人):[\w·×]{1,20}")
_ORGANISATION = re.compile(
    "(?:委员会|党委|党组|支部|工会|政府|办公室|指挥部|领导小组|局|厅|院|所|站|中心|公司|集团|学校|小学|中学|大学|协会)$"
)
_LONGEST_SIGNATURE = 30


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
    if _ORDINAL.match(normal) and not _FINAL_STOP.search(normal):
        return _ORDINAL_LEVEL
    if first and len(normal) > 3 and not _FINAL_STOP.search(normal):
        return 0
    return None


def opening_heading(text: str, *, first: bool = False) -> tuple[int, str] | None:
    """Level and text of the heading that a paragraph is or begins with, as in ``(一)管住火源。各村要…``.

    :param text: one paragraph as typed.
    :param first: the paragraph is the first of its document.
    """
    level = heading_level(text, first=first)
    if level is not None:
        return level, text
    end = _GLUED_END.search(text, 0, 2 * _LONGEST_GLUED)
    heading = text[: end.end()] if end else ""
    if not heading or len(normalize(heading)) > _LONGEST_GLUED:
        return None
    level = _ORDINAL_LEVEL if _ORDINAL.match(normalize(heading)) else heading_level(heading)
    return None if level is None else (level, heading)


def is_date(line: str) -> bool:
    """Whether a line is a date and nothing else, such as ``二〇二四年三月五日`` or ``(20xx年x月)``."""
    return _DATE.fullmatch(normalize(line).replace(" ", "")) is not None


def is_signature(line: str, *, before_date: bool = False) -> bool:
    """Whether a line at the end of a document names who signs it.

    :param before_date: a date follows, so that any short line without punctuation signs.
    """
    normal = normalize(line).replace(" ", "")
    if _SIGNED.fullmatch(normal):
        return True
    plain = 1 < len(normal) <= _LONGEST_SIGNATURE and re.search(r"[,。;:!?、]", normal) is None
    return plain and (before_date or _ORGANISATION.search(normal) is not None)


def is_salutation(line: str) -> bool:
    """Whether a line only addresses the audience, such as ``同志们:``."""
    normal = normalize(line)
    return (
        len(normal) <= _LONGEST_HEADING
        and normal.endswith((":", "!", ","))
        and _SALUTATION.search(normal) is not None
        and _INNER_STOP.search(normal) is None
    )
