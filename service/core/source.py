"""The text of a file as a reader took it out, with what the file itself says about its lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourceText:
    """What the segmenter divides.

    :ivar text: the whole text, one line for each line or paragraph of the file.
    :ivar heading_levels: level of a heading by the file's own styles, 0 for a title, by the line's first code point.
    :ivar whole_lines: each line is a paragraph as its author made it, so no two are joined.
    """

    text: str
    heading_levels: Mapping[int, int] = field(default_factory=dict)
    whole_lines: bool = False


class SourceTextBuilder:
    """Collects lines and the levels of those that are headings."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._levels: dict[int, int] = {}
        self.n_characters = 0

    def add(self, line: str, level: int | None = None) -> None:
        """Add a line; its inner line breaks stay, white space at its ends does not."""
        line = line.strip()
        if not line:
            return
        if level is not None:
            self._levels[self.n_characters] = level
        self._lines.append(line)
        self.n_characters += len(line) + 1

    def source(self, *, whole_lines: bool) -> SourceText:
        """What was collected."""
        return SourceText("\n".join(self._lines), self._levels, whole_lines)
