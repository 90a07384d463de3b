"""Colours of the functions on the page, in HTML outlines and in Word files.

The marks start from the palette of Okabe and Ito (2008), which people of every colour vision tell apart; the name of
the function always stands beside its colour, so that no colour is needed to read it.
"""

from dataclasses import dataclass

from service.core.labels import LABEL_IDS


@dataclass(frozen=True)
class Colours:
    """Colours of one function as six hexadecimal digits.

    :ivar mark: strong colour of borders and bars.
    :ivar light: background under black print.
    :ivar dark: background under white print.
    """

    mark: str
    light: str
    dark: str


PALETTE: dict[str, Colours] = {
    "opening": Colours("0072B2", "E1F0FA", "0D2F47"),
    "summary": Colours("009E73", "DDF4EA", "083A2C"),
    "commendation": Colours("CC79A7", "FBE6F1", "4A2239"),
    "situation": Colours("56B4E9", "E6F4FC", "143B52"),
    "problem": Colours("D55E00", "FDE6D8", "4D2205"),
    "goal": Colours("C9A800", "FBF3CC", "403600"),
    "task": Colours("2F8F9D", "DCF1F3", "0E383E"),
    "assurance": Colours("7B5AA6", "ECE4F6", "32234A"),
    "exhortation": Colours("E69F00", "FDEFD2", "4A3300"),
    "structure": Colours("6C757D", "EEF0F2", "2B3035"),
    "other": Colours("ADB5BD", "F8F9FA", "212529"),
}


def stylesheet() -> str:
    """CSS that sets ``--mark``, ``--fill`` and ``--ink`` for each class ``label-…``, in light and in dark."""
    assert set(PALETTE) == set(LABEL_IDS)
    light = [f".label-{label}{{--mark:#{c.mark};--fill:#{c.light};--ink:#1a1d20}}" for label, c in PALETTE.items()]
    dark = [f".label-{label}{{--fill:#{c.dark};--ink:#f1f3f5}}" for label, c in PALETTE.items()]
    chosen = [f'[data-theme="dark"] {rule}' for rule in dark]
    system = "@media (prefers-color-scheme:dark){" + "".join(f':root:not([data-theme="light"]) {r}' for r in dark) + "}"
    return "\n".join([*light, system, *chosen]) + "\n"
