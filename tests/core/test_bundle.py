import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from service.core.bundle import Bundle, Manifest
from service.core.encode import ParagraphInput
from service.core.errors import BundleError
from service.core.labels import LABEL_IDS
from service.core.runtime import RuntimeConfig


@pytest.fixture
def copied(tiny_directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_directory, tmp_path / "model"))


def edit_manifest(folder: Path, change: Callable[[dict], None]) -> None:
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_a_manifest_survives_the_round_trip(tiny: Bundle) -> None:
    assert Manifest.from_json(tiny.manifest.to_json()) == tiny.manifest


def test_probabilities_are_sorted_and_sum_to_one(tiny: Bundle, speech_lines: list[str]) -> None:
    for prediction in tiny.classify([ParagraphInput(line) for line in speech_lines]):
        scores = [score for _, score in prediction.scores]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-5)
        assert {label for label, _ in prediction.scores} == set(LABEL_IDS)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_scores_do_not_depend_on_batch_mates(embedded: Bundle, speech_lines: list[str], precision) -> None:
    bundle = Bundle.load(embedded.directory, precision, RuntimeConfig(token_budget=16_384))
    encoded = [bundle.encoder.encode(ParagraphInput(line)) for line in speech_lines]
    together = bundle.predictor.predict(encoded)
    alone = np.concatenate([bundle.predictor.predict([paragraph]) for paragraph in encoded])
    assert np.abs(together - alone).max() < 1e-4


def test_windows_are_combined_into_one_answer(tiny: Bundle) -> None:
    [prediction] = tiny.classify([ParagraphInput("要抓好春耕备耕,落实责任。" * 60)])
    assert prediction.n_windows > 1
    assert sum(score for _, score in prediction.scores) == pytest.approx(1, abs=1e-5)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        Bundle.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["onnx/model_quantized.onnx", "tokenizer.json"])
def test_a_tampered_file_is_refused(copied: Path, name: str) -> None:
    with (copied / name).open("ab") as out:
        out.write(b" ")
    with pytest.raises(BundleError, match=r"校验值不符"):
        Bundle.load(copied)


def test_a_missing_file_is_refused(copied: Path) -> None:
    (copied / "onnx/model_quantized.onnx").unlink()
    with pytest.raises(BundleError, match=r"缺少 onnx/model_quantized\.onnx"):
        Bundle.load(copied)


def test_a_missing_manifest_is_refused(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"manifest\.json"):
        Bundle.load(copied)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(taxonomy_version="9.9"), "标签体系版本是 9.9"),
        (lambda m: m.update(normalizer_version="0"), "文本归一化版本"),
        (lambda m: m.update(segmenter_version="0"), "分段版本"),
        (lambda m: m["labels"].__setitem__(0, "joke"), "joke"),
        (lambda m: m["temperature"].update(int8=0), "temperature"),
        (lambda m: m.pop("files"), "格式不对"),
        (lambda m: m.update(surprise=1), "格式不对"),
        (lambda m: m["files"].pop("tokenizer.json"), "没有登记"),
    ],
)
def test_a_manifest_that_does_not_match_is_refused(copied: Path, change, message: str) -> None:
    edit_manifest(copied, change)
    with pytest.raises(BundleError, match=message):
        Bundle.load(copied)


def test_a_graph_that_is_not_onnx_is_refused(copied: Path) -> None:
    import hashlib

    (copied / "onnx/model_quantized.onnx").write_bytes(b"not a graph")
    digest = hashlib.sha256(b"not a graph").hexdigest()
    edit_manifest(copied, lambda m: m["files"].update({"onnx/model_quantized.onnx": digest}))
    with pytest.raises(BundleError, match="无法载入"):
        Bundle.load(copied)
