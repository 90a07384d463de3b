"""A tiny model made on the spot, through the same commands that make the real one."""

import json
from pathlib import Path

import pytest

from service.core.bundle import Bundle
from service.settings import EMBEDDED_MODEL
from tests.tiny import make_tiny_model
from training.data.schema import AUTHORED_PARAGRAPHS, LabelledParagraph, read_labelled


@pytest.fixture(scope="session")
def labelled() -> list[LabelledParagraph]:
    return read_labelled(AUTHORED_PARAGRAPHS)


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory, labelled: list[LabelledParagraph]) -> Path:
    """A released model directory of a tiny, hardly trained classifier."""
    return make_tiny_model(tmp_path_factory.mktemp("tiny"), labelled)


@pytest.fixture(scope="session")
def tiny(tiny_directory: Path) -> Bundle:
    return Bundle.load(tiny_directory)


@pytest.fixture(scope="session")
def embedded() -> Bundle:
    return Bundle.load(EMBEDDED_MODEL)


@pytest.fixture
def speech_lines(labelled: list[LabelledParagraph]) -> list[str]:
    """The paragraphs of one authored speech."""
    first = labelled[0].document
    return [row.text for row in labelled if row.document == first]


@pytest.fixture
def rows_file(tmp_path: Path, labelled: list[LabelledParagraph]) -> Path:
    """Forty rows of authored documents as scorer input."""
    path = tmp_path / "rows.jsonl"
    rows = [{"id": r.id, "document": r.document, "text": r.text, "field": r.field} for r in labelled[:40]]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
