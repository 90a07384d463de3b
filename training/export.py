"""Export a fine-tuned classifier to ONNX in float and int8, check parity with torch, and write the model directory."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from service.core.encode import EncodedParagraph, Encoder, Window, pad, plan_batches
from service.core.labels import LABEL_IDS
from training.metrics import macro_f1

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
FP32_TOLERANCE = 1e-3
LARGEST_INT8_FLIP_SHARE = 0.01
LARGEST_INT8_F1_LOSS = 0.005
_OPSET = 17
_LOCAL_TOKENIZER_SETTINGS = frozenset({"backend", "is_local", "local_files_only"})


class ParityError(RuntimeError):
    """An exported graph does not answer as the torch model does."""


class _LogitsOnly(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        logits: torch.Tensor = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).logits
        return logits


def load_torch(folder: Path) -> torch.nn.Module:
    """The fine-tuned classifier in float32, in evaluation mode, with its labels in the taxonomy's order.

    :raises ValueError: the labels of ``config.json`` are not those of the taxonomy.
    """
    model: torch.nn.Module = AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    config: Any = model.config
    labels = tuple(config.id2label[i] for i in range(config.num_labels))
    if labels != LABEL_IDS:
        raise ValueError(f"{folder}/config.json has the labels {labels}; fine-tune with this program's taxonomy")
    return model


@torch.no_grad()
def torch_logits(model: torch.nn.Module, windows: Sequence[Window], pad_id: int = 0) -> np.ndarray:
    """Reference logits, *shape* ``(n_windows, n_labels)``, float32."""
    logits = np.empty((len(windows), len(LABEL_IDS)), dtype=np.float32)
    for batch in plan_batches([len(w) for w in windows], 8192):
        inputs = {name: torch.from_numpy(v) for name, v in pad([windows[i] for i in batch], pad_id).items()}
        logits[batch] = model(**inputs).logits.numpy()
    return logits


def export_float(model: torch.nn.Module, target: Path) -> None:
    """Trace the model to ONNX with free batch and length, float32."""
    tokens = torch.ones(2, 16, dtype=torch.int64)
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        _LogitsOnly(model).eval(),
        (tokens, tokens, torch.zeros_like(tokens)),
        str(target),
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in INPUTS} | {"logits": {0: "batch"}},
        opset_version=_OPSET,
        dynamo=False,
    )


def halve_weights(path: Path, smallest: int = 1024) -> None:
    """Store float32 initialisers as float16 behind a cast, which the runtime folds away when it loads the graph.

    The weights were rounded to float16 when they were saved, so this loses nothing.
    """
    model = onnx.load(str(path))
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor) if tensor.data_type == TensorProto.FLOAT else None
        if values is None or values.size < smallest or not np.array_equal(values, values.astype(np.float16)):
            kept.append(tensor)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + "_float16"))
        casts.append(
            helper.make_node(
                "Cast", [tensor.name + "_float16"], [tensor.name], tensor.name + "_cast", to=TensorProto.FLOAT
            )
        )
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@dataclass
class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Feeds windows one at a time, without padding, to the calibrator."""

    windows: Sequence[Window]

    def __post_init__(self) -> None:
        self._feed: Iterator[dict[str, np.ndarray]] = iter(pad([window]) for window in self.windows)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feed, None)


def _weight_products(path: Path) -> list[str]:
    """Names of the matrix products that have a constant operand; attention's own products stay float."""
    graph = onnx.load(str(path)).graph
    constants = {tensor.name for tensor in graph.initializer}
    return [node.name for node in graph.node if node.op_type in {"MatMul", "Gemm"} and set(node.input) & constants]


def quantize(source: Path, target: Path, calibration: Sequence[Window]) -> None:
    """Static int8 of the weight products: unsigned activations, signed weights per channel.

    The scales are fixed by calibration, so a paragraph's scores do not depend on its batch-mates or on padding, as
    they do with dynamic quantisation (onnxruntime issue 10111). Products of two activations and all else stay float.

    :param source: float32 graph with plain float32 initialisers.
    """
    with tempfile.TemporaryDirectory() as folder:
        quantized = Path(folder, "quantized.onnx")
        quantize_static(
            str(source),
            str(quantized),
            _Calibration(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_quantize=_weight_products(source),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        shutil.copyfile(quantized, target)
    halve_weights(target)


@dataclass(frozen=True)
class Parity:
    """How far a graph's answers are from torch's on the same paragraphs.

    :ivar largest_difference: of logits.
    :ivar flip_share: share of paragraphs whose best label is another.
    :ivar f1_loss: macro-F1 of torch less that of the graph.
    """

    largest_difference: float
    flip_share: float
    f1_loss: float


def compare(reference: np.ndarray, logits: np.ndarray, gold: np.ndarray) -> Parity:
    """Compare two arrays of logits.

    :param reference: of torch, *shape* ``(n, n_labels)``.
    :param logits: of the graph, likewise.
    :param gold: label indices, *shape* ``(n,)``.
    """
    labels = [[LABEL_IDS[i] for i in indices] for indices in (gold, reference.argmax(axis=-1), logits.argmax(axis=-1))]
    flips = reference.argmax(axis=-1) != logits.argmax(axis=-1)
    loss = macro_f1(labels[0], labels[1]) - macro_f1(labels[0], labels[2])
    return Parity(float(np.abs(reference - logits).max()), float(flips.mean()), loss)


def check_parity(
    fp32: Parity,
    int8: Parity,
    largest_flip_share: float = LARGEST_INT8_FLIP_SHARE,
    largest_f1_loss: float = LARGEST_INT8_F1_LOSS,
) -> None:
    """Assert what the export promises.

    :param largest_flip_share: of labels that int8 may change.
    :param largest_f1_loss: of macro-F1 that int8 may cost.
    :raises ParityError: float32 flips a label or differs by more than 1e-3, or int8 passes a bound.
    """
    if fp32.flip_share > 0 or fp32.largest_difference > FP32_TOLERANCE:
        raise ParityError(f"the float32 graph differs from torch: {fp32}")
    if int8.flip_share > largest_flip_share:
        raise ParityError(f"the int8 graph flips too many labels: {int8}")
    if int8.f1_loss > largest_f1_loss:
        raise ParityError(f"the int8 graph loses too much: {int8}")


def copy_model_files(source: Path, target: Path) -> None:
    """Copy weights, configuration and tokenizer in Hub layout.

    The tokenizer's class gets the name that transformers 4 and the servers built on it know as well.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(source / name, target / name)
    AutoTokenizer.from_pretrained(source).save_pretrained(target)
    path = target / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings = {name: value for name, value in settings.items() if name not in _LOCAL_TOKENIZER_SETTINGS}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def windows_of(encoded: Sequence[EncodedParagraph]) -> list[Window]:
    """All windows of the paragraphs, in order."""
    return [window for paragraph in encoded for window in paragraph.windows]


def serving_encoder(folder: Path, encoder: Encoder) -> Encoder:
    """The encoder as the service will load it from the exported folder."""
    return Encoder.from_file(folder / "tokenizer.json", encoder.config)
