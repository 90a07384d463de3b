"""The row of a labelled JSONL file, and reading such files with errors that name the line."""

import json
from collections.abc import Iterable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.core.labels import LABEL_IDS
from service.core.text import normalize

AUTHORED_PARAGRAPHS = Path(__file__).parent / "authored" / "paragraphs.jsonl"
AUTHORED_DOCUMENTS = Path(__file__).parent / "authored" / "documents.jsonl"


def _check_segments(segments: list[tuple[str, str]]) -> list[tuple[str, str]]:
    for label, text in segments:
        if label not in LABEL_IDS or not text.strip():
            raise ValueError(f"segment {label!r} {text!r}: unknown label or no text")
    if any(left[0] == right[0] for left, right in pairwise(segments)):
        raise ValueError("neighbouring segments have the same label; join them")
    return segments


Segments = Annotated[list[tuple[str, str]], Field(min_length=2), AfterValidator(_check_segments)]


def character_labels(segments: Segments) -> list[str]:
    """The label of each character."""
    return [label for label, text in segments for _ in text]


class LabelledParagraph(BaseModel):
    """One paragraph and the function that an annotator, or a teacher model, gave it.

    :ivar segments: label and text of each stretch of a paragraph that mixes functions; together they are its text.
    :ivar scores: a teacher's probability of each label, or ``None`` where an annotator decided.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=1)
    document: str = Field(min_length=1)
    field: str = ""
    text: str
    label: str
    secondary: str | None = None
    segments: Segments | None = None
    scores: dict[str, float] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for label in filter(None, (self.label, self.secondary)):
            if label not in LABEL_IDS:
                raise ValueError(f"unknown label {label!r}; use one of {', '.join(LABEL_IDS)}")
        if self.scores is not None and set(self.scores) != set(LABEL_IDS):
            raise ValueError("the scores must name every label of the taxonomy once")
        if self.secondary == self.label:
            raise ValueError(f"the secondary label repeats the label {self.label!r}; leave it out")
        if self.segments is not None and "".join(text for _, text in self.segments) != self.text:
            raise ValueError("the segments do not add up to the text; copy it whole")
        if not normalize(self.text):
            raise ValueError("the text has no visible character; delete the row")
        if "\n" in self.text:
            raise ValueError("the text holds a line break; one row is one paragraph")
        return self


class AuthoredDocument(BaseModel):
    """What an authored document is: its cell in the grid of field, level, occasion, style and period.

    :ivar held_out: kept out of training, to measure with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str = Field(pattern=r"^[a-z]+\d\d$")
    title: str = Field(min_length=1)
    field: str = Field(min_length=1)
    level: Literal[
        "village", "township", "district", "county", "city", "province",
        "school", "hospital", "company", "association", "department",
    ]  # fmt: skip
    occasion: str = Field(min_length=1)
    style: str = Field(min_length=1)
    period: int = Field(ge=1978, le=2030)
    held_out: bool = False


Row = TypeVar("Row", bound=BaseModel)


class LabelledFileError(ValueError):
    """A labelled file cannot be used; the message names the file, the line and the mend."""


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Read a JSONL file whose lines are all of one model.

    :raises LabelledFileError: the file cannot be read, or a line is not valid; the message names it.
    """
    rows: list[Row] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledFileError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(row_type.model_validate(json.loads(line)))
        except json.JSONDecodeError as error:
            raise LabelledFileError(f"{path}:{number}: not JSON: {error}") from error
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "row"
            raise LabelledFileError(f"{path}:{number}: {where}: {problem['msg']}") from error
    return rows


def read_labelled(path: Path) -> list[LabelledParagraph]:
    """Read a labelled JSONL file in document order.

    :raises LabelledFileError: a line is not valid, an id occurs twice, or the rows of a document are not together.
    """
    rows = read_rows(path, LabelledParagraph)
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise LabelledFileError(f"{path}: the id {row.id!r} occurs twice; ids must be unique")
        seen.add(row.id)
    documents = [document for document, _ in groupby(rows, key=lambda row: row.document)]
    for document in set(documents):
        if documents.count(document) > 1:
            raise LabelledFileError(f"{path}: rows of document {document!r} are not together; sort them")
    return rows


def read_authored_documents(path: Path = AUTHORED_DOCUMENTS) -> list[AuthoredDocument]:
    """Read the description of the authored documents.

    :raises LabelledFileError: a line is not valid.
    """
    return read_rows(path, AuthoredDocument)


def by_document(rows: Iterable[LabelledParagraph]) -> list[list[LabelledParagraph]]:
    """Group consecutive rows of one document."""
    return [list(group) for _, group in groupby(rows, key=lambda row: row.document)]
