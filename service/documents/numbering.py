"""Automatic numbers of Word paragraphs, which are in no paragraph's text (ECMA-376 part 1, section 17.9)."""

import re
from collections import defaultdict
from typing import Any

from docx.oxml.ns import qn

_DIGITS = "零一二三四五六七八九"
_LEGAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def chinese_numeral(n: int) -> str:
    """A number from 1 to 9,999 as Word counts in Chinese: 十二, 一百零三."""
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, unit)
        if digit:
            text += _DIGITS[digit] + name
        elif text and n and not text.endswith("零"):
            text += "零"
    return text.removeprefix("一") if text.startswith("一十") else text


def _roman(n: int) -> str:
    text = ""
    for value, letters in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    ):
        count, n = divmod(n, value)
        text += letters * count
    return text


def _letter(n: int) -> str:
    return chr(ord("A") + (n - 1) % 26) * (1 + (n - 1) // 26)


def format_number(n: int, number_format: str) -> str:
    """A counter in one of Word's number formats; a format that is not known counts in digits."""
    if number_format in ("none", "bullet"):
        return ""
    if not 0 < n < 10_000:
        return str(n)
    if number_format.startswith(("chineseCounting", "taiwaneseCounting", "japaneseCounting", "ideographTraditional")):
        return chinese_numeral(n)
    if number_format == "chineseLegalSimplified":
        return chinese_numeral(n).translate(_LEGAL)
    if number_format == "ideographDigital":
        return "".join(_DIGITS[int(digit)] for digit in str(n))
    if number_format.startswith("decimalEnclosedCircle") and n <= len(_CIRCLED):
        return _CIRCLED[n - 1]
    if number_format == "decimalZero":
        return f"{n:02d}"
    if number_format in ("upperRoman", "lowerRoman"):
        return _roman(n) if number_format == "upperRoman" else _roman(n).lower()
    if number_format in ("upperLetter", "lowerLetter"):
        return _letter(n) if number_format == "upperLetter" else _letter(n).lower()
    return str(n)


class Numbering:
    """Counts the numbered paragraphs of one Word document in reading order."""

    def __init__(self, root: Any | None) -> None:
        """Read the definitions.

        :param root: the ``w:numbering`` element, or ``None`` if the document has none.
        """
        self._counters: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._abstract: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        if root is None:
            return
        for abstract in root.iterfind(qn("w:abstractNum")):
            self._levels[abstract.get(qn("w:abstractNumId"))] = {
                int(level.get(qn("w:ilvl"))): (
                    _value(level, "w:numFmt", "decimal"),
                    _value(level, "w:lvlText", ""),
                    int(_value(level, "w:start", "1")),
                )
                for level in abstract.iterfind(qn("w:lvl"))
            }
        for number in root.iterfind(qn("w:num")):
            key = number.get(qn("w:numId"))
            self._abstract[key] = _value(number, "w:abstractNumId", "")
            for override in number.iterfind(qn("w:lvlOverride")):
                start = _value(override, "w:startOverride", "")
                if start:
                    self._starts[key, int(override.get(qn("w:ilvl")))] = int(start)

    def next(self, number_id: str, level: int) -> str:
        """The number that stands before the next paragraph of a list, or an empty string for bullets.

        :param number_id: ``w:numId`` of the paragraph.
        :param level: ``w:ilvl``, from 0.
        """
        abstract = self._abstract.get(number_id)
        levels = self._levels.get(abstract or "", {})
        if abstract is None or level not in levels:
            return ""
        counters = self._counters[abstract]
        restart = self._starts.pop((number_id, level), None)  # an override counts at its first paragraph only
        start = levels[level][2] if restart is None else restart
        counters[level] = start if restart is not None or level not in counters else counters[level] + 1
        for deeper in [other for other in counters if other > level]:
            del counters[deeper]

        def shown(match: re.Match[str]) -> str:
            place = int(match.group(1)) - 1
            if place not in levels:
                return ""
            return format_number(counters.get(place, levels[place][2]), levels[place][0])

        number_format, text, _ = levels[level]
        return "" if number_format == "bullet" else re.sub(r"%([1-9])", shown, text)


def _value(element: Any, tag: str, default: str) -> str:
    child = element.find(qn(tag))
    return default if child is None else child.get(qn("w:val"), default)
