import json
from pathlib import Path

from typer.testing import CliRunner

from tests.tiny import write_rows
from training.cli import app
from training.data.schema import LabelledParagraph


def test_wrong_labels_are_found_by_the_rest_of_the_set(tmp_path: Path, labelled: list[LabelledParagraph]) -> None:
    rows = labelled[:400]
    salutations = [i for i, row in enumerate(rows) if row.label == "opening" and len(row.text) < 12]
    spoilt = {rows[i].id for i in salutations[:2]}
    rows = [row.model_copy(update={"label": "problem"}) if row.id in spoilt else row for row in rows]
    output = tmp_path / "suspects.jsonl"
    result = CliRunner().invoke(app, ["audit", str(write_rows(tmp_path / "rows.jsonl", rows)), "-o", str(output)])
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert spoilt <= {suspect["id"] for suspect in found}
    assert all(suspect["suggested"] == "opening" for suspect in found if suspect["id"] in spoilt)
    assert [suspect["quality"] for suspect in found] == sorted(suspect["quality"] for suspect in found)
    assert len(found) < len(rows) / 4
