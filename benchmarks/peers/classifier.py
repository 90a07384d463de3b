"""The model as every peer server runs it: the same tokenizer, ONNX file and threads, so only the serving differs."""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

_MODEL = Path(os.environ["BENCHMARK_MODEL"])
_MAX_TOKENS = 384


class Classifier:
    """Texts in, label scores out, padded to the longest of the batch and cut at the window as such servers do."""

    def __init__(self) -> None:
        config = json.loads((_MODEL / "config.json").read_text())
        self._labels = [config["id2label"][str(i)] for i in range(len(config["id2label"]))]
        self._tokenizer = Tokenizer.from_file(str(_MODEL / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding(pad_id=config["pad_token_id"])
        options = ort.SessionOptions()
        options.intra_op_num_threads = int(os.environ["BENCHMARK_THREADS"])
        self._session = ort.InferenceSession(
            str(_MODEL / "onnx" / "model_quantized.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self(["预热"])

    def __call__(self, texts: list[str]) -> list[list[dict[str, object]]]:
        """Scores of each text, best first."""
        encoded = self._tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
            "token_type_ids": np.array([e.type_ids for e in encoded], dtype=np.int64),
        }
        logits = self._session.run(["logits"], inputs)[0]
        scores = np.exp(logits - logits.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return [[{"label": self._labels[i], "score": float(row[i])} for i in np.argsort(-row)] for row in scores]
