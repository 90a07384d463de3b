"""Encoded paragraphs in, calibrated probabilities out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from service.core.encode import EncodedParagraph, Window, pad, plan_batches
from service.core.engine import load_engine
from service.core.errors import ModelError
from service.core.runtime import RuntimeConfig


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row-wise softmax in float64, returned as float32, *shape* as given."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def combine_windows(logits: np.ndarray, encoded: Sequence[EncodedParagraph]) -> np.ndarray:
    """Average the window logits of each paragraph, whose windows hold equally many of its tokens.

    The best of the rules that ``benchmarks/windows.py`` compares.

    :param logits: one row a window, in order, *shape* ``(n_windows, n_labels)``.
    :returns: *shape* ``(n_paragraphs, n_labels)``, float32.
    """
    if len(logits) == len(encoded):  # as nearly always: one window each
        return np.asarray(logits, dtype=np.float32)
    rows, start = [], 0
    for paragraph in encoded:
        end = start + len(paragraph.windows)
        rows.append(logits[start:end].mean(axis=0))
        start = end
    return np.asarray(rows, dtype=np.float32).reshape(len(encoded), logits.shape[-1])


class Predictor:
    """A loaded model. Calls from several threads are safe; each runs its own batches."""

    def __init__(self, onnx_file: Path, temperature: float, config: RuntimeConfig | None = None) -> None:
        """:param temperature: logits are divided by it before the softmax (Guo et al. 2017).
        :raises BundleError: the runtime cannot load the file.
        """
        self.config = config or RuntimeConfig()
        self.temperature = temperature
        self.n_threads = self.config.threads()
        self._engine = load_engine(onnx_file, self.config)
        self.n_labels = self._engine.n_labels

    def _run(self, batch: Sequence[Window], alone: bool) -> np.ndarray:
        try:
            return self._engine.run(pad(batch), alone=alone)
        except Exception as error:  # the runtimes raise many types of their own
            raise ModelError(f"模型推理失败：{error}") from error

    def window_logits(self, windows: Sequence[Window], *, alone: bool = True) -> np.ndarray:
        """Run windows of any number and length, in batches of like length within the token budget.

        :param alone: nothing else runs beside this call, so that its batches may use all cores.
        :returns: raw logits in the order given, *shape* ``(n_windows, n_labels)``, float32.
        :raises ModelError: the engine failed; the batch is lost, the engine is not.
        """
        logits = np.empty((len(windows), self.n_labels), dtype=np.float32)
        batches = plan_batches([len(w) for w in windows], self.config.token_budget)
        chosen = [[windows[i] for i in batch] for batch in batches]
        n_beside = min(self.n_threads, len(batches)) if alone else 1
        if n_beside > 1:
            with ThreadPoolExecutor(n_beside) as pool:
                results = list(pool.map(lambda batch: self._run(batch, False), chosen))
        else:
            results = [self._run(batch, alone) for batch in chosen]
        for batch, result in zip(batches, results, strict=True):
            logits[batch] = result
        return logits

    def logits(self, encoded: Sequence[EncodedParagraph], *, alone: bool = True) -> np.ndarray:
        """Logits over temperature, one row a paragraph, *shape* ``(n_paragraphs, n_labels)``, float32."""
        windows = [window for paragraph in encoded for window in paragraph.windows]
        if not windows:
            return np.empty((0, self.n_labels), dtype=np.float32)
        return combine_windows(self.window_logits(windows, alone=alone), encoded) / np.float32(self.temperature)

    def predict(self, encoded: Sequence[EncodedParagraph]) -> np.ndarray:
        """Score paragraphs.

        :returns: calibrated probabilities, rows sum to 1, *shape* ``(n_paragraphs, n_labels)``, float32.
        :raises ModelError: the engine failed.
        """
        return softmax(self.logits(encoded))
