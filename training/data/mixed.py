"""Authored paragraphs that mix functions, with the boundaries between them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from training.data.schema import Segments, character_labels, read_rows

AUTHORED_MIXED = Path(__file__).parent / "authored" / "mixed.jsonl"


class MixedParagraph(BaseModel):
    """A paragraph of two or more functions.

    :ivar headings: headings above it, outermost first.
    :ivar segments: label and text of each stretch, in order; neighbours differ.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    headings: list[str]
    segments: Segments

    @property
    def text(self) -> str:
        """The whole paragraph."""
        return "".join(text for _, text in self.segments)

    def labels(self) -> list[str]:
        """The label of each character."""
        return character_labels(self.segments)


def read_mixed(path: Path = AUTHORED_MIXED) -> list[MixedParagraph]:
    """Read mixed paragraphs.

    :raises LabelledFileError: a line is not valid.
    """
    return read_rows(path, MixedParagraph)
