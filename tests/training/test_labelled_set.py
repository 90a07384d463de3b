import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.core.labels import LABEL_IDS
from training.cli import app
from training.data.schema import (
    LabelledFileError,
    LabelledParagraph,
    by_document,
    read_authored_documents,
    read_labelled,
)
from training.data.split import near_duplicate_pairs, split_by_document


def test_the_authored_set_is_large_and_spread(labelled: list[LabelledParagraph]) -> None:
    documents = read_authored_documents()
    counts = Counter(row.label for row in labelled)
    assert len(documents) >= 60
    assert len(labelled) >= 1000
    assert len({d.field for d in documents}) >= 15
    assert len({d.level for d in documents}) >= 8
    assert len({d.occasion for d in documents}) >= 10
    assert min(counts[label] for label in LABEL_IDS) >= 40


def test_every_document_is_described(labelled: list[LabelledParagraph]) -> None:
    described = {d.document: d for d in read_authored_documents()}
    assert set(described) == {row.document for row in labelled}
    assert all(row.field == described[row.document].field for row in labelled)


def test_near_duplicates_stay_on_one_side(labelled: list[LabelledParagraph]) -> None:
    twin = [row.model_copy(update={"id": f"twin-{row.id}", "document": "twin"}) for row in by_document(labelled)[0]]
    rows = [*labelled, *twin]
    pairs = near_duplicate_pairs(rows)
    assert any("twin-" in second for _, second in pairs)
    for seed in range(5):
        train, held_out = split_by_document(rows, 0.2, seed)
        side = {row.id: "train" for row in train} | {row.id: "held out" for row in held_out}
        assert len(side) == len(rows)
        assert not {row.document for row in train} & {row.document for row in held_out}
        assert all(side[a] == side[b] for a, b in pairs)
        assert 0.1 < len(held_out) / len(rows) < 0.4


def test_held_out_documents_share_nothing_with_the_others(labelled: list[LabelledParagraph], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["split", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    train, held_out = (read_labelled(tmp_path / f"{name}.jsonl") for name in ("train", "held_out"))
    assert sorted(row.id for row in (*train, *held_out)) == sorted(row.id for row in labelled)
    assert not {row.document for row in train} & {row.document for row in held_out}
    assert len({row.document for row in held_out}) >= 20
    assert any(row.segments for row in held_out)
    held_out_ids = {row.id for row in held_out}
    assert all((a in held_out_ids) == (b in held_out_ids) for a, b in near_duplicate_pairs(labelled))


GOOD = {"id": "a-0", "document": "a", "field": "x", "text": "好", "label": "task"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], r"rows\.jsonl:1: not JSON"),
        ([GOOD, {**GOOD, "id": "a-1", "label": "joke"}], r"rows\.jsonl:2: .*'joke'"),
        ([{**GOOD, "secondary": "task"}], "secondary"),
        ([{**GOOD, "text": " "}], "no visible character"),
        ([{**GOOD, "text": "好\n好"}], "line break"),
        ([{**GOOD, "segments": [["task", "好"], ["goal", "。"]]}], "do not add up"),
        ([{**GOOD, "segments": [["task", "好"]]}], "at least 2"),
        ([{**GOOD, "text": "好。好。", "segments": [["task", "好。"], ["task", "好。"]]}], "join them"),
        ([{**GOOD, "text": "好。好。", "segments": [["task", "好。"], ["joke", "好。"]]}], "'joke'"),
        ([GOOD, GOOD], "occurs twice"),
        ([GOOD, {**GOOD, "id": "b", "document": "b"}, {**GOOD, "id": "c"}], "not together"),
        ([{k: v for k, v in GOOD.items() if k != "id"}], "id: Field required"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, rows: list, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    with pytest.raises(LabelledFileError, match=message):
        read_labelled(path)
