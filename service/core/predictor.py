"""One ONNX Runtime session: encoded paragraphs in, calibrated probabilities out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from service.core.encode import EncodedParagraph, Window, pad, plan_batches
from service.core.errors import BundleError, ModelError


def available_cpus() -> int:
    """Cores this process may use: its affinity mask, further limited by a cgroup CPU quota."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            n_cores = min(n_cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no cgroup v2 here, so no quota to respect
    return n_cores


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row-wise softmax in float64, returned as float32, *shape* as given."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def combine_windows(logits: np.ndarray, encoded: Sequence[EncodedParagraph]) -> np.ndarray:
    """Average the window logits of each paragraph, weighted by the paragraph tokens in each window.

    :param logits: one row a window, in order, *shape* ``(n_windows, n_labels)``.
    :returns: *shape* ``(n_paragraphs, n_labels)``, float32.
    """
    rows, start = [], 0
    for paragraph in encoded:
        end = start + len(paragraph.windows)
        weights = [window.n_own_tokens for window in paragraph.windows]
        rows.append(np.average(logits[start:end], axis=0, weights=weights))
        start = end
    return np.asarray(rows, dtype=np.float32).reshape(len(encoded), logits.shape[-1])


@dataclass(frozen=True)
class RuntimeConfig:
    """How the session runs.

    :ivar n_threads: threads inside one operator; 0 takes the cores this process may use.
    :ivar token_budget: most padded tokens in one batch.
    """

    n_threads: int = 0
    token_budget: int = 4096


class Predictor:
    """A loaded model. Calls from several threads are safe; each runs its own batch."""

    def __init__(self, onnx_file: Path, temperature: float, config: RuntimeConfig | None = None) -> None:
        """:param temperature: logits are divided by it before the softmax (Guo et al. 2017).
        :raises BundleError: ONNX Runtime cannot load the file.
        """
        self.config = config or RuntimeConfig()
        self.temperature = temperature
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.config.n_threads or available_cpus()
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena keeps the largest shape ever seen
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(onnx_file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises many types of its own
            raise BundleError(f"无法载入 ONNX 模型 {onnx_file}:{error}") from error
        self.n_labels = int(self._session.get_outputs()[0].shape[-1])

    def window_logits(self, windows: Sequence[Window]) -> np.ndarray:
        """Run windows of any number and length, in batches of like length within the token budget.

        :returns: raw logits in the order given, *shape* ``(n_windows, n_labels)``, float32.
        :raises ModelError: the session failed; the batch is lost, the session is not.
        """
        logits = np.empty((len(windows), self.n_labels), dtype=np.float32)
        for batch in plan_batches([len(w) for w in windows], self.config.token_budget):
            try:
                logits[batch] = self._session.run(["logits"], pad([windows[i] for i in batch]))[0]
            except Exception as error:  # onnxruntime raises many types of its own
                raise ModelError(f"模型推理失败：{error}") from error
        return logits

    def logits(self, encoded: Sequence[EncodedParagraph]) -> np.ndarray:
        """Logits over temperature, one row a paragraph, *shape* ``(n_paragraphs, n_labels)``, float32."""
        windows = [window for paragraph in encoded for window in paragraph.windows]
        if not windows:
            return np.empty((0, self.n_labels), dtype=np.float32)
        return combine_windows(self.window_logits(windows), encoded) / np.float32(self.temperature)

    def predict(self, encoded: Sequence[EncodedParagraph]) -> np.ndarray:
        """Score paragraphs.

        :returns: calibrated probabilities, rows sum to 1, *shape* ``(n_paragraphs, n_labels)``, float32.
        :raises ModelError: the session failed.
        """
        return softmax(self.logits(encoded))
