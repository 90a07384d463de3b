"""The machine that the model runs on: how many cores this process may use, and what they can do."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Precision = Literal["int8", "fp32"]
PrecisionChoice = Literal["auto", "int8", "fp32"]
Backend = Literal["onnxruntime", "openvino"]

_CGROUP = Path("/sys/fs/cgroup")
_CPU_INFO = Path("/proc/cpuinfo")
_INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})  # dot products of bytes on x86 and on Arm


@dataclass(frozen=True)
class RuntimeConfig:
    """How the model runs.

    :ivar n_threads: cores to use; 0 takes those that this process may use.
    :ivar token_budget: most padded tokens in one batch. Small batches stay in the cache: past a few hundred tokens a
        larger one is slower, not faster (``benchmarks/runtime.py``).
    :ivar backend: the library that runs the ONNX file; ``openvino`` needs the extra of that name.
    """

    n_threads: int = 0
    token_budget: int = 512
    backend: Backend = "onnxruntime"

    def threads(self) -> int:
        """Cores to use, at least 1."""
        return self.n_threads or available_cpus()


def available_cpus(cgroup: Path = _CGROUP) -> int:
    """Cores this process may use: its affinity mask, further limited by a CPU quota of cgroup version 2 or 1."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota, period = ((cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        n_granted = int(quota) // int(period)  # "max" and -1 mean no quota
    except (OSError, ValueError):
        return n_cores
    return n_cores if int(quota) < 0 else min(n_cores, max(1, n_granted))


def has_int8_dot_products(cpu_info: Path = _CPU_INFO) -> bool:
    """Whether the processor multiplies bytes exactly and fast (VNNI on x86, dot products on Arm).

    Without them x86 adds products of unsigned and signed bytes in 16 bits, which can overflow, so that int8 is not
    only slow but wrong (ONNX Runtime's documentation on quantisation, "U8S8 and saturation").
    """
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine() == "arm64"  # macOS on Arm; elsewhere unknown, so no
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not _INT8_FLAGS.isdisjoint(flags.partition(":")[2].split())


def choose_precision(asked: PrecisionChoice, backend: Backend = "onnxruntime") -> Precision:
    """What to run: as asked, or for ``auto`` int8 in ONNX Runtime where the processor has the instructions for it.

    OpenVINO turns the float file into bfloat16 where the processor can, which is faster there than int8.
    """
    if asked == "auto":
        return "int8" if backend == "onnxruntime" and has_int8_dot_products() else "fp32"
    return asked
