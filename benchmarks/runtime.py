"""How to run the graph on this machine: threads, batch size and optimisation level, measured.

    python -m benchmarks.runtime

Authored paragraphs without context, tokenised beforehand; windows a second, medians of interleaved rounds. "2 × 1" is
two threads that each run batches of their own on one core, "1 × 2" one thread whose operators use both.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime as ort

from benchmarks.compare import texts
from service.core.bundle import ONNX_FILES, Bundle
from service.core.encode import ParagraphInput, pad, plan_batches
from service.core.runtime import Precision, available_cpus
from service.settings import EMBEDDED_MODEL

_LEVELS = ort.GraphOptimizationLevel
_N_ROUNDS = 5
Batches = list[dict[str, np.ndarray]]


def _session(precision: Precision, n_threads: int, level: _LEVELS = _LEVELS.ORT_ENABLE_ALL) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.graph_optimization_level = level
    options.log_severity_level = 3
    path = str(EMBEDDED_MODEL / ONNX_FILES[precision])
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _one_by_one(session: ort.InferenceSession) -> Callable[[Batches], None]:
    def run(batches: Batches) -> None:
        for batch in batches:
            session.run(["logits"], batch)

    return run


def _side_by_side(session: ort.InferenceSession, n: int) -> Callable[[Batches], None]:
    def run(batches: Batches) -> None:
        with ThreadPoolExecutor(n) as pool:
            list(pool.map(lambda batch: session.run(["logits"], batch), batches))

    return run


def main() -> None:
    """Measure and print a table."""
    n = available_cpus()
    encoder = Bundle.load(EMBEDDED_MODEL).encoder
    windows = [w for text in texts(300) for w in encoder.encode(ParagraphInput(text)).windows]
    plans = {
        budget: [pad([windows[i] for i in plan]) for plan in plan_batches([len(w) for w in windows], budget)]
        for budget in (1, 256, 512, 1024, 4096)
    }
    arms: dict[tuple[str, int], Callable[[Batches], None]] = {}
    for budget in plans:
        arms[f"int8, {n} × 1", budget] = _side_by_side(_session("int8", 1), n)
        arms[f"int8, 1 × {n}", budget] = _one_by_one(_session("int8", n))
        arms[f"fp32, {n} × 1", budget] = _side_by_side(_session("fp32", 1), n)
    for name, level in (("extended", _LEVELS.ORT_ENABLE_EXTENDED), ("basic", _LEVELS.ORT_ENABLE_BASIC)):
        arms[f"int8, {n} × 1, {name} optimisation", 512] = _side_by_side(_session("int8", 1, level), n)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(_N_ROUNDS):
        for (name, budget), run in arms.items():
            started = time.perf_counter()
            run(plans[budget])
            found[name, budget].append(len(windows) / (time.perf_counter() - started))
    print(f"{len(windows)} windows, {np.mean([len(w) for w in windows]):.0f} tokens each")
    for (name, budget), values in found.items():
        size = "one window a run" if budget == 1 else f"{budget} tokens a run"
        print(f"{name}, {size}: {statistics.median(values):.0f} windows/s")


if __name__ == "__main__":
    main()
