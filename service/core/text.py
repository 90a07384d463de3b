"""Text normalisation that keeps a map back to the original code points.

The same text reaches the model however it was typed: full-width and half-width punctuation, circled numbers,
compatibility ideographs, curly and corner quotes, stray spaces between Chinese characters. Training and serving both
call this module, so they cannot disagree.

The rules, in order, each per code point (so every output character has one source character):

1. Unicode NFKC and lower case (``unicodedata``), repeated until stable;
2. quotation marks and dashes folded to ``"``, ``'`` and ``-``;
3. control, format, surrogate, private-use and unassigned code points dropped;
4. a run of white space kept as one space only between two ASCII letters or digits, else dropped.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

NORMALIZER_VERSION = "1"

_FOLDED = {
    **dict.fromkeys("“”„‟「」『』〝〞＂〃«»", '"'),
    **dict.fromkeys("‘’‚‛`´＇", "'"),
    **dict.fromkeys("‐‑‒–—―−─━", "-"),
}
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = re.compile(" +")
_WORD_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def _fold(character: str) -> str:
    """Normalise one code point; the result may be empty or several characters long."""
    text = character
    while True:
        folded = "".join(_FOLDED.get(c, c) for c in unicodedata.normalize("NFKC", text).lower())
        if folded == text:
            break
        text = folded
    return "".join(" " if c.isspace() else "" if unicodedata.category(c) in _DROPPED_CATEGORIES else c for c in text)


class _FoldTable(dict[int, str]):
    """A ``str.translate`` table that fills itself as code points are met."""

    def __missing__(self, code_point: int) -> str:
        folded = self[code_point] = _fold(chr(code_point))
        return folded


_TABLE = _FoldTable()


def normalize(text: str) -> str:
    """Return the text that the model sees.

    :param text: any string.
    :returns: the normalised string, without line breaks; may be empty.
    """
    folded = text.translate(_TABLE)
    if " " not in folded:
        return folded
    return _SPACES.sub(lambda run: " " if _parts_words(run) else "", folded)


def _parts_words(run: re.Match[str]) -> bool:
    """Whether a run of spaces stands between two ASCII letters or digits."""
    text, start, end = run.string, run.start(), run.end()
    return start > 0 and end < len(text) and text[start - 1] in _WORD_CHARACTERS and text[end] in _WORD_CHARACTERS


@dataclass(frozen=True)
class NormalizedText:
    """A normalised string and where each of its characters came from.

    :ivar text: what :func:`normalize` returns for the original.
    :ivar origins: index of the source code point of each character, *shape* ``(len(text),)``, int32, never decreasing.
    """

    text: str
    origins: np.ndarray

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of the normalised text to a span of the original, end exclusive.

        :param start: first character, inclusive.
        :param end: last character, exclusive; must be greater than ``start``.
        :raises ValueError: the span is empty or outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"span {start}:{end} is not a non-empty span of {len(self.text)} characters")
        return int(self.origins[start]), int(self.origins[end - 1]) + 1


def normalize_with_origins(text: str) -> NormalizedText:
    """Normalise and keep the map back; slower than :func:`normalize`, with the same text."""
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        for folded in _TABLE[ord(character)]:
            characters.append(folded)
            origins.append(index)
    folded_text = "".join(characters)
    kept = np.ones(len(folded_text), dtype=bool)
    for run in _SPACES.finditer(folded_text):
        kept[run.start() + _parts_words(run) : run.end()] = False
    positions = np.flatnonzero(kept)
    return NormalizedText(
        text="".join(folded_text[i] for i in positions),
        origins=np.asarray(origins, dtype=np.int32)[positions],
    )
