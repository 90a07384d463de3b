from pathlib import Path

import pytest

from service.core.runtime import RuntimeConfig, available_cpus, choose_precision, has_int8_dot_products


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "6400000 100000"}, 64),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
        ({"cpu.max": "nonsense"}, None),
    ],
)
def test_a_cpu_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    unlimited = available_cpus(tmp_path / "nowhere")
    assert available_cpus(tmp_path) == (unlimited if limit is None else min(unlimited, limit))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor: 0\nflags\t\t: fpu avx2 avx512_vnni\n", True),
        ("flags : fpu avx2 avx_vnni", True),
        ("Features\t: fp asimd asimddp", True),
        ("flags : fpu avx2 avx512f", False),
        ("", False),
    ],
)
def test_int8_needs_dot_products(tmp_path: Path, text: str, expected: bool) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(text)
    assert has_int8_dot_products(info) is expected


def test_a_precision_asked_for_is_kept() -> None:
    assert choose_precision("int8") == "int8"
    assert choose_precision("fp32") == "fp32"
    assert choose_precision("auto") == ("int8" if has_int8_dot_products() else "fp32")
    assert choose_precision("auto", "openvino") == "fp32"


def test_threads_are_those_asked_for_or_those_available() -> None:
    assert RuntimeConfig(n_threads=3).threads() == 3
    assert RuntimeConfig().threads() == available_cpus()
