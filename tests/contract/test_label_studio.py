"""Tasks for Label Studio go out with predictions, and its annotations come back as training rows."""

import json
import subprocess
from pathlib import Path

import pytest

from service.core.labels import LABEL_IDS
from tests.servers import ZHANGFA
from training.data.annotations import read_annotations
from training.data.schema import LabelledFileError, LabelledParagraph

TEXT = "在全乡防汛会议上的讲话\n同志们：\n今年雨水偏多，形势严峻。\n一、下一步任务\n各村要备足沙袋。\n"


@pytest.fixture
def tasks(tiny_directory: Path, tmp_path: Path) -> list[dict]:
    source = tmp_path / "防汛.txt"
    source.write_text(TEXT)
    command = [*ZHANGFA, "outline", str(source), "--format", "label-studio", "--model", str(tiny_directory)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def annotation(label: str, **changes: object) -> dict:
    result = {"id": "a", "from_name": "function", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
    return {"id": 1, "result": [result], "was_cancelled": False, "ground_truth": False, "completed_by": 1, **changes}


def exported(tasks: list[dict], folder: Path, *annotations: list[dict]) -> Path:
    """What the tool exports: the tasks with annotations beside them."""
    path = folder / "export.json"
    annotated = zip(tasks, annotations, strict=False)
    path.write_text(json.dumps([{**task, "annotations": given} for task, given in annotated]))
    return path


def read(path: Path, **options: bool) -> list[LabelledParagraph]:
    return list(read_annotations(path, **options))


def test_tasks_carry_context_and_a_prediction(tasks: list[dict]) -> None:
    assert [task["data"]["text"] for task in tasks] == TEXT.splitlines()
    assert tasks[4]["data"]["headings"] == "在全乡防汛会议上的讲话 › 一、下一步任务"
    assert tasks[4]["data"]["before"] == "一、下一步任务"
    for task in tasks:
        [prediction] = task["predictions"]
        assert prediction["model_version"].startswith("tiny ")
        assert prediction["result"][0]["value"]["choices"][0] in LABEL_IDS


def test_annotations_become_rows_in_reading_order(tasks: list[dict], tmp_path: Path) -> None:
    path = exported(tasks[::-1], tmp_path, [annotation("task")], [], [annotation("situation")], [], [])
    rows = read(path)
    assert [(row.id, row.label, row.text) for row in rows] == [
        ("防汛-0002", "situation", "今年雨水偏多，形势严峻。"),
        ("防汛-0004", "task", "各村要备足沙袋。"),
    ]


def test_skipped_tasks_give_no_row_and_ground_truth_decides(tasks: list[dict], tmp_path: Path) -> None:
    cancelled = [annotation("task", was_cancelled=True)]
    settled = [annotation("task"), annotation("assurance", ground_truth=True)]
    agreed = [annotation("task"), annotation("task")]
    rows = read(exported(tasks, tmp_path, cancelled, [], [], settled, agreed))
    assert [(row.id, row.label) for row in rows] == [("防汛-0003", "assurance"), ("防汛-0004", "task")]


def test_disagreements_are_named_or_left_out(tasks: list[dict], tmp_path: Path) -> None:
    path = exported(tasks, tmp_path, [], [], [], [annotation("structure")], [annotation("task"), annotation("goal")])
    with pytest.raises(LabelledFileError, match="防汛 paragraph 4"):
        read(path)
    assert [row.label for row in read(path, skip_disagreements=True)] == ["structure"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "export the project as JSON"),
        ('[{"text": "a", "function": "task"}]', "export the project as JSON"),
        ("{}", "export the project as JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(LabelledFileError, match=words):
        read(path)


def test_unknown_labels_are_refused(tasks: list[dict], tmp_path: Path) -> None:
    with pytest.raises(LabelledFileError, match="unknown label 'chatter'"):
        read(exported(tasks, tmp_path, [annotation("chatter")]))
