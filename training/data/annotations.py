"""Annotations exported from Label Studio (format JSON) become labelled rows.

Format: https://labelstud.io/guide/export and https://labelstud.io/guide/task_format.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from training.data.schema import LabelledFileError, LabelledParagraph


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore")

    type: str
    value: dict[str, Any]


class _Annotation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    result: list[_Result]
    was_cancelled: bool = False
    ground_truth: bool = False

    @property
    def label(self) -> str | None:
        """The function chosen, or ``None`` if the annotator chose none."""
        chosen = [result.value.get("choices") or [] for result in self.result if result.type == "choices"]
        return str(chosen[0][0]) if chosen and chosen[0] else None


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore")

    document: str
    index: int
    text: str


class _Task(BaseModel):
    model_config = ConfigDict(extra="ignore")

    data: _Data
    annotations: list[_Annotation] = Field(description="the export of the type JSON has it, JSON-MIN has not")

    def labels(self) -> list[str]:
        """The different labels given; that of an annotation marked as ground truth alone, if there is one."""
        given = [a for a in self.annotations if not a.was_cancelled and a.label is not None]
        truth = [a for a in given if a.ground_truth]
        return sorted({str(a.label) for a in truth or given})


def read_annotations(path: Path, *, skip_disagreements: bool = False) -> Iterator[LabelledParagraph]:
    """The annotated paragraphs of a Label Studio export, by document in reading order.

    Tasks that nobody annotated, or that were skipped, give no row.

    :param skip_disagreements: leave out paragraphs on which annotators differ, instead of refusing the file.
    :raises LabelledFileError: the file is no such export, a label is unknown, or annotators differ.
    """
    try:
        tasks = TypeAdapter(list[_Task]).validate_json(path.read_bytes())
    except OSError as error:
        raise LabelledFileError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "file"
        raise LabelledFileError(f"{path}: {where}: {problem['msg']}; export the project as JSON") from error
    tasks.sort(key=lambda task: (task.data.document, task.data.index))
    differing = [task.data for task in tasks if len(task.labels()) > 1]
    if differing and not skip_disagreements:
        places = ", ".join(f"{data.document} paragraph {data.index}" for data in differing[:5])
        raise LabelledFileError(
            f"{path}: annotators differ on {len(differing)} paragraphs ({places}); mark one annotation of each as "
            "ground truth, or skip them"
        )
    for task in tasks:
        if len(labels := task.labels()) != 1:
            continue
        data = task.data
        row = {"id": f"{data.document}-{data.index:04d}", "document": data.document, "text": data.text}
        try:
            yield LabelledParagraph.model_validate({**row, "label": labels[0]})
        except ValidationError as error:
            raise LabelledFileError(f"{path}: {row['id']}: {error.errors()[0]['msg']}") from error
