from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from service.core.labels import LABEL_IDS
from tests.tiny import write_rows
from training.cli import app
from training.data.schema import LabelledParagraph, read_labelled
from training.dataset import examples
from training.metrics import accuracy
from training.teacher import Teacher


@pytest.fixture(scope="module")
def rows(labelled: list[LabelledParagraph]) -> list[LabelledParagraph]:
    return labelled[:300]


@pytest.fixture(scope="module")
def teacher(rows: list[LabelledParagraph]) -> Teacher:
    return Teacher.train(examples(rows))


def test_scores_are_probabilities_over_the_whole_taxonomy(teacher: Teacher, rows: list[LabelledParagraph]) -> None:
    items = examples(rows)
    scores = teacher.scores([item.paragraph for item in items])
    assert scores.shape == (len(rows), len(LABEL_IDS))
    assert np.allclose(scores.sum(axis=1), 1)
    predicted = [LABEL_IDS[i] for i in scores.argmax(axis=1)]
    assert accuracy([row.label for row in rows], predicted) > 0.95  # the rows it was trained on


def test_whole_documents_are_labelled_until_there_are_enough(teacher: Teacher) -> None:
    documents = [["同志们:", f"第{i}季度要把台账建好。", "谢谢大家!"] for i in range(10)]
    labelled = teacher.label_documents(documents, n_paragraphs=7)
    assert len(labelled) == 9
    assert len({row.id for row in labelled}) == 9
    assert [row.text for row in labelled[:3]] in documents


def test_teacher_scores_become_targets(tmp_path: Path, teacher: Teacher) -> None:
    labelled = teacher.label_documents([["同志们:", "要把台账建好。"]], n_paragraphs=2)
    again = read_labelled(write_rows(tmp_path / "soft.jsonl", labelled))
    items = examples(again)
    expected = [again[0].scores[label] for label in LABEL_IDS] if again[0].scores else []
    assert np.allclose(items[0].target, expected, atol=1e-3)
    assert items[0].target.sum() == pytest.approx(1)


def test_scores_must_cover_the_taxonomy() -> None:
    with pytest.raises(ValueError, match="every label"):
        LabelledParagraph(id="a", document="d", text="同志们:", label="opening", scores={"opening": 1.0})


def test_command_writes_labelled_rows(tmp_path: Path, rows: list[LabelledParagraph], tiny_directory: Path) -> None:
    train = write_rows(tmp_path / "train.jsonl", rows[:120])
    corpus = tmp_path / "speeches.txt"
    corpus.write_text("同志们:\n各村要把底数登记到户。\n\n谢谢大家!\n", encoding="utf-8")
    output = tmp_path / "new" / "soft.jsonl"
    arguments = ["pseudolabel", "--corpus", str(corpus), "--train", str(train), "--model", str(tiny_directory)]
    result = CliRunner().invoke(app, [*arguments, "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert [row.text for row in read_labelled(output)].count("各村要把底数登记到户。") == 1
    assert all(row.scores for row in read_labelled(output))
