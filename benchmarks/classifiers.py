"""Which ways of fine-tuning pay beyond the noise of the seed: class balance, consistency, label audit, distillation.

    python -m benchmarks.classifiers --base MODEL --train ROWS.jsonl --dev ROWS.jsonl -o RUN [ARM ...]

All arms start from the same classifier or backbone, see the same labelled documents for the same number of steps, and
are judged by macro-F1 on the dev rows over three seeds, each paragraph in its context by itself. The distilled arm
learns unlabelled speeches (``--corpus``) from the mean of what the plain arm's seeds and a linear teacher say, so the
plain arm goes first. Results are appended to ``results.jsonl`` in the run folder; without arms the table is printed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch.nn import functional

from benchmarks.arms import record, table
from service.core.labels import LABEL_IDS
from service.core.predictor import softmax
from training.arms import arm_logits
from training.audit import out_of_fold_scores, suspects
from training.average import average
from training.corpus import Source, sample_documents
from training.data.schema import LabelledParagraph, read_labelled
from training.data.split import some_documents
from training.dataset import examples
from training.finetune import FinetuneConfig, LengthGroupedTrainer, SoftCrossEntropy, finetune
from training.metrics import macro_f1
from training.teacher import VIEWS, LinearTeacher, Teacher

_SEEDS = (0, 1, 2)
_PLAIN = "plain"
_CONFIG = FinetuneConfig(n_epochs=1)


class BalancedTrainer(LengthGroupedTrainer):
    """Weighs each example by the inverse square root of its label's frequency."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        seen = Counter(item.label for item in self.train_dataset.items)
        counts = np.asarray([seen[label] for label in LABEL_IDS], dtype=float)
        weights = 1 / np.sqrt(np.maximum(counts, 1))
        self.weights = torch.tensor(weights * counts.sum() / (weights * counts).sum())  # their mean over the rows is 1
        self.compute_loss_func = self._weighted

    def _weighted(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        losses = SoftCrossEntropy(_CONFIG.label_smoothing).each(outputs, labels)
        return (losses * (labels @ self.weights.to(labels))).mean()


class ConsistentTrainer(LengthGroupedTrainer):
    """R-Drop (Liang et al. 2021): two passes under different dropout should agree; the paper's weight of 1."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        loss, outputs = super().compute_loss(model, dict(inputs), True, num_items_in_batch)
        again, other = super().compute_loss(model, dict(inputs), True, num_items_in_batch)
        first, second = (functional.log_softmax(o.logits.float(), dim=-1) for o in (outputs, other))
        apart = functional.kl_div(first, second, reduction="batchmean", log_target=True)
        apart = apart + functional.kl_div(second, first, reduction="batchmean", log_target=True)
        total = (loss + again + apart) / 2
        return (total, outputs) if return_outputs else total


@dataclass(frozen=True)
class Material:
    """What the arms work with."""

    output: Path
    base: str
    train: list[LabelledParagraph]
    dev: list[LabelledParagraph]
    unlabelled: list[list[str]]

    def finetuned(self, arm: str, seed: int) -> Path:
        """Folder of one fine-tuned model."""
        return self.output / arm.replace(" ", "_") / str(seed)

    def run(
        self,
        arm: str,
        rows: Sequence[LabelledParagraph],
        trainer_class: type[LengthGroupedTrainer] = LengthGroupedTrainer,
        config: FinetuneConfig = _CONFIG,
    ) -> list[float]:
        """Fine-tune once for each seed; returns the macro-F1 of each."""
        return [
            finetune(
                self.base,
                rows,
                self.dev,
                self.finetuned(arm, seed),
                replace(config, seed=seed),
                trainer_class=trainer_class,
            )["macro_f1"]
            for seed in _SEEDS
        ]

    def plain_probabilities(self, rows: Sequence[LabelledParagraph]) -> list[np.ndarray]:
        """Of each seed of the plain arm, each row in its context, *shape* ``(n_rows, n_labels)``."""
        return [softmax(arm_logits(self.finetuned(_PLAIN, seed), rows)) for seed in _SEEDS]

    def score(self, values: np.ndarray) -> float:
        """Macro-F1 of the labels with the highest values on the dev rows."""
        return macro_f1([row.label for row in self.dev], [LABEL_IDS[i] for i in values.argmax(axis=-1)])


Run = Callable[[Material, str], list[float]]  # what an arm does, with its name; the macro-F1 of each seed


def _all_rows(trainer_class: type[LengthGroupedTrainer] = LengthGroupedTrainer, **changes: Any) -> Run:
    """An arm that learns every row, with another trainer or other fields of the configuration."""
    return lambda material, arm: material.run(arm, material.train, trainer_class, replace(_CONFIG, **changes))


def _audited(material: Material, arm: str) -> list[float]:
    found = suspects(material.train, out_of_fold_scores(material.train))
    typer.echo(f"{len(found)} of {len(material.train)} rows are doubtful", err=True)
    doubtful = {suspect.row.id for suspect in found}
    kept = [row for row in material.train if row.id not in doubtful]
    return material.run(arm, kept)


def _ensemble(material: Material, arm: str) -> list[float]:
    return [material.score(np.mean(material.plain_probabilities(material.dev), axis=0))]


def _soup(material: Material, arm: str) -> list[float]:
    folder = material.output / "soup"
    average([material.finetuned(_PLAIN, seed) for seed in _SEEDS], folder)
    return [material.score(arm_logits(folder, material.dev))]


def _distilled(material: Material, arm: str) -> list[float]:
    """Half as many labelled steps, the rest on speeches that the ensemble has labelled."""
    n = len(material.train) // 2
    teacher = Teacher([LinearTeacher(views, examples(material.train)) for views in VIEWS])
    rows = teacher.label_documents(material.unlabelled, n)
    parts = material.plain_probabilities(rows)
    parts.append(np.asarray([[(row.scores or {})[label] for label in LABEL_IDS] for row in rows]))
    scores = np.mean(parts, axis=0)
    learnt = []
    for row, own in zip(rows, scores, strict=True):
        targets = dict(zip(LABEL_IDS, own.tolist(), strict=True))
        learnt.append(row.model_copy(update={"label": LABEL_IDS[int(own.argmax())], "scores": targets}))
    return material.run(arm, [*material.train[: len(material.train) - n], *learnt])


ARMS: dict[str, Run] = {
    _PLAIN: _all_rows(),
    "random start": _all_rows(random_weights=True),
    "classes balanced": _all_rows(BalancedTrainer),
    "consistency (R-Drop)": _all_rows(ConsistentTrainer),
    "doubtful labels left out (cleanlab)": _audited,
    "ensemble of the plain seeds": _ensemble,
    "mean of the plain seeds' weights": _soup,
    "half of the steps distilled from the ensemble": _distilled,
}


def main(
    output: Annotated[Path, typer.Option("--output", "-o", help="Run folder.")],
    arms: Annotated[list[str] | None, typer.Argument(help="Arms to run; none: print the table.")] = None,
    base: Annotated[str, typer.Option(help="What all arms start from.")] = "models/zhangfa-small",
    train: Annotated[list[Path], typer.Option(help="Labelled rows.")] = [],  # noqa: B006
    dev: Annotated[list[Path], typer.Option(help="Labelled rows to judge by.")] = [],  # noqa: B006
    corpus: Annotated[list[str], typer.Option(help="Unlabelled speeches, optionally =WEIGHT.")] = [],  # noqa: B006
    n_train: Annotated[int, typer.Option(help="Labelled rows used, whole documents.")] = 1_500,
) -> None:
    """Run arms, or print what has been run."""
    results = output / "results.jsonl"
    if not arms:
        typer.echo(table(results))
        return
    material = Material(
        output,
        base,
        some_documents([row for path in train for row in read_labelled(path)], n_train),
        [row for path in dev for row in read_labelled(path)],
        list(sample_documents(map(Source.parse, corpus), 0)) if corpus else [],
    )
    for arm in arms:
        record(results, arm, ARMS[arm](material, arm))


if __name__ == "__main__":
    typer.run(main)
