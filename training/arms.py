"""Other fine-tuned models to set a release beside: less data, no pretraining, another recipe."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.core.labels import LABEL_IDS
from service.core.predictor import combine_windows
from training.data.schema import LabelledParagraph
from training.dataset import examples
from training.export import load_torch, torch_logits, windows_of
from training.finetune import load_encoder
from training.metrics import Interval, macro_f1_interval


def arm_logits(folder: Path, rows: Sequence[LabelledParagraph]) -> np.ndarray:
    """Logits of a fine-tuned model in float32, each paragraph in its context, *shape* ``(n_rows, n_labels)``.

    :param folder: as written by ``zhangfa-train finetune``.
    """
    encoder = load_encoder(folder)
    encoded = [encoder.encode(item.paragraph) for item in examples(rows)]
    return combine_windows(torch_logits(load_torch(folder), windows_of(encoded)), encoded)


def measure_arm(folder: Path, rows: Sequence[LabelledParagraph]) -> Interval:
    """Macro-F1 of a fine-tuned model, each paragraph judged by itself."""
    predicted = [LABEL_IDS[i] for i in arm_logits(folder, rows).argmax(axis=-1)]
    return macro_f1_interval([row.document for row in rows], [row.label for row in rows], predicted)
