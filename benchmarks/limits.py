"""The model without any server: texts one after the other in ONNX Runtime and in OpenVINO, as fast as each goes.

    python -m benchmarks.limits NAME < texts.json

``benchmarks/compare.py`` runs each of ``LIMITS`` in a process of its own, so that no library's threads stand in the way
of another's. A list of texts comes in, seconds come out.
"""

import json
import sys
import time

import numpy as np

from service.core.bundle import ONNX_FILES, Bundle
from service.core.encode import ParagraphInput, Window, pad, plan_batches
from service.core.runtime import RuntimeConfig, available_cpus
from service.settings import EMBEDDED_MODEL

BATCH_TOKENS = 512
LIMITS = {
    "ONNX Runtime in a loop, one text a run": ("onnxruntime", 1),
    f"ONNX Runtime in a loop, sorted batches of {BATCH_TOKENS} tokens": ("onnxruntime", BATCH_TOKENS),
    "OpenVINO in a loop, one text a run": ("openvino", 1),
}


def _onnxruntime_seconds(windows: list[Window], token_budget: int, n_threads: int) -> float:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = ort.InferenceSession(
        str(EMBEDDED_MODEL / ONNX_FILES["int8"]), options, providers=["CPUExecutionProvider"]
    )
    batches = [pad([windows[i] for i in plan]) for plan in plan_batches([len(w) for w in windows], token_budget)]
    session.run(["logits"], batches[0])
    started = time.perf_counter()
    for batch in batches:
        session.run(["logits"], batch)
    return time.perf_counter() - started


def _openvino_seconds(windows: list[Window], n_threads: int) -> float:
    import openvino

    model = openvino.Core().compile_model(
        str(EMBEDDED_MODEL / ONNX_FILES["fp32"]), "CPU", {"INFERENCE_NUM_THREADS": n_threads, "NUM_STREAMS": 1}
    )
    request, batches = model.create_infer_request(), [pad([window]) for window in windows]
    for batch in batches:  # kernels are made for each new length
        request.infer(batch)
    started = time.perf_counter()
    for batch in batches:
        np.array(request.infer(batch)[model.output(0)])
    return time.perf_counter() - started


def seconds(name: str, texts: list[str], n_threads: int) -> float:
    """Wall-clock seconds of inference alone for all windows of the texts, tokenised beforehand."""
    encoder = Bundle.load(EMBEDDED_MODEL, runtime=RuntimeConfig(n_threads=1)).encoder
    windows = [window for text in texts for window in encoder.encode(ParagraphInput(text)).windows]
    library, token_budget = LIMITS[name]
    if library == "openvino":
        return _openvino_seconds(windows, n_threads)
    return _onnxruntime_seconds(windows, token_budget, n_threads)


if __name__ == "__main__":
    print(seconds(sys.argv[1], json.load(sys.stdin), available_cpus()))
