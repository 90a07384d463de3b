"""The libraries that run the ONNX file, behind one small protocol."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime as ort

from service.core.errors import BundleError
from service.core.runtime import RuntimeConfig

Inputs = dict[str, np.ndarray]


class Engine(Protocol):
    """A loaded model. ``run`` may be called from several threads at once.

    :ivar n_labels: width of the output.
    """

    n_labels: int

    def run(self, inputs: Inputs, *, alone: bool) -> np.ndarray:
        """Raw logits of one padded batch.

        :param inputs: ``input_ids``, ``attention_mask`` and ``token_type_ids``, each *shape* ``(n_windows, n_tokens)``.
        :param alone: no other batch runs or waits, so this one may use all cores and not just one.
        :returns: *shape* ``(n_windows, n_labels)``, float32.
        """


class OnnxRuntimeEngine:
    """ONNX Runtime with one session for a batch that is alone and one whose runs use a single core each.

    Several batches side by side on one core each finish sooner than one after the other on all cores
    (``benchmarks/runtime.py``), since no core waits for another inside an operator; a lone batch is faster on all.
    """

    def __init__(self, onnx_file: Path, n_threads: int) -> None:
        self._single = self._session(onnx_file, 1)
        self._wide = self._session(onnx_file, n_threads) if n_threads > 1 else self._single
        self.n_labels = int(self._single.get_outputs()[0].shape[-1])

    @staticmethod
    def _session(onnx_file: Path, n_threads: int) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        # The arena keeps what the largest batch took, which the token budget bounds. Without it the allocator gives the
        # memory back after every batch and the next one faults it in again: a fifth of the throughput in service.
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = False  # one plan for every shape ever seen
        options.log_severity_level = 3
        return ort.InferenceSession(str(onnx_file), options, providers=["CPUExecutionProvider"])

    def run(self, inputs: Inputs, *, alone: bool) -> np.ndarray:
        session = self._wide if alone else self._single
        return np.asarray(session.run(["logits"], inputs)[0])


class OpenVinoEngine:
    """The same ONNX file in OpenVINO, each window by itself and unpadded.

    OpenVINO chooses kernels by shape, so that a batch would move the scores of its members; a window alone has the
    same scores whoever shares the request.
    """

    def __init__(self, onnx_file: Path, n_threads: int) -> None:
        import openvino

        core = openvino.Core()
        self._model: Any = core.compile_model(
            str(onnx_file), "CPU", {"INFERENCE_NUM_THREADS": n_threads, "NUM_STREAMS": n_threads}
        )
        self.n_labels = int(self._model.output(0).partial_shape[-1].get_length())

    def run(self, inputs: Inputs, *, alone: bool) -> np.ndarray:
        lengths = inputs["attention_mask"].sum(axis=1)
        request = self._model.create_infer_request()
        rows = []
        for row, n_tokens in enumerate(lengths):
            window = {name: values[row : row + 1, :n_tokens] for name, values in inputs.items()}
            rows.append(np.array(request.infer(window)[self._model.output(0)][0]))
        return np.asarray(rows, dtype=np.float32)


def load_engine(onnx_file: Path, config: RuntimeConfig) -> Engine:
    """Load the ONNX file in the library that the configuration names.

    :raises BundleError: the library is not installed, or it cannot load the file.
    """
    kind: Callable[[Path, int], Engine] = OpenVinoEngine if config.backend == "openvino" else OnnxRuntimeEngine
    try:
        return kind(onnx_file, config.threads())
    except ModuleNotFoundError as error:
        raise BundleError(f"推理库 {config.backend} 未安装：请 pip install 'zhangfa[{config.backend}]'") from error
    except Exception as error:  # both libraries raise many types of their own
        raise BundleError(f"无法载入 ONNX 模型 {onnx_file}:{error}") from error
