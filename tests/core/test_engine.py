from pathlib import Path

import numpy as np
import pytest

from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from service.core.engine import load_engine
from service.core.errors import BundleError
from service.core.runtime import Backend, RuntimeConfig

BACKENDS: list[Backend] = ["onnxruntime", "openvino"]


def load(directory: Path, backend: Backend, precision: str = "auto") -> Bundle:
    if backend == "openvino":
        pytest.importorskip("openvino")
    return Bundle.load(directory, precision, RuntimeConfig(n_threads=2, backend=backend))  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_scores_depend_on_nothing_but_the_paragraph(embedded: Bundle, labelled, backend: Backend, precision) -> None:
    """Not on batch-mates, padding, order, or how many cores a batch may use."""
    bundle = load(embedded.directory, backend, precision)
    encoded = [bundle.encoder.encode(ParagraphInput(row.text)) for row in labelled[:80]]
    alone = np.concatenate([bundle.predictor.predict([paragraph]) for paragraph in encoded])
    wide = Bundle.load(embedded.directory, precision, RuntimeConfig(2, 100_000, backend)).predictor
    assert np.abs(wide.predict(encoded) - alone).max() < 1e-4
    assert np.abs(wide.predict(encoded[::-1])[::-1] - alone).max() < 1e-4
    windows = [window for paragraph in encoded for window in paragraph.windows]
    together = bundle.predictor.window_logits(windows, alone=True)
    beside = bundle.predictor.window_logits(windows, alone=False)
    assert np.abs(together - beside).max() < 1e-4


def test_openvino_agrees_with_onnx_runtime(embedded: Bundle, labelled) -> None:
    inputs = [ParagraphInput(row.text) for row in labelled[:80]]
    other = load(embedded.directory, "openvino").classify(inputs)
    exact = load(embedded.directory, "onnxruntime", "fp32").classify(inputs)
    assert [prediction.label for prediction in other] == [prediction.label for prediction in exact]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_that_is_no_model_is_named(tmp_path: Path, backend: Backend) -> None:
    if backend == "openvino":
        pytest.importorskip("openvino")
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        load_engine(path, RuntimeConfig(backend=backend))
