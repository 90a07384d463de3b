"""The model directory: a typed manifest, hashes of every file, and refusal of whatever does not match.

The layout is that of a Hugging Face Hub repository, so transformers loads the same folder; serving reads
``manifest.json``, ``tokenizer.json`` and ``onnx/`` only.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from service.core.decode import Transitions, from_lists
from service.core.encode import EncodedParagraph, Encoder, EncodingConfig, ParagraphInput
from service.core.errors import BundleError
from service.core.labels import LABEL_IDS, TAXONOMY_VERSION
from service.core.predictor import Predictor, softmax
from service.core.runtime import Precision, PrecisionChoice, RuntimeConfig, choose_precision
from service.core.segment import SEGMENTER_VERSION
from service.core.text import NORMALIZER_VERSION

MANIFEST = "manifest.json"
ONNX_FILES: dict[Precision, str] = {"int8": "onnx/model_quantized.onnx", "fp32": "onnx/model.onnx"}


@dataclass(frozen=True)
class Manifest:
    """What a model directory says about itself.

    :ivar labels: ids in the order of the model's outputs.
    :ivar temperature: divides the logits of each precision before the softmax.
    :ivar encoding: token budgets the model was trained with.
    :ivar transitions: how functions follow each other in a document; ``None`` judges each paragraph by itself.
    :ivar sentence_transitions: the same from sentence to sentence inside a paragraph, in the taxonomy's order.
    :ivar files: SHA-256 of each file, by path relative to the directory.
    :ivar data: names and SHA-256 of the labelled files it was trained on.
    :ivar metrics: measured figures, by evaluation set.
    """

    name: str
    version: str
    taxonomy_version: str
    normalizer_version: str
    segmenter_version: str
    labels: tuple[str, ...]
    temperature: dict[str, float]
    encoding: EncodingConfig
    files: dict[str, str]
    transitions: Transitions | None = None
    sentence_transitions: Transitions | None = None
    git_commit: str = ""
    data: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Serialise with sorted keys."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse a manifest.

        :raises BundleError: it is not JSON, or a field is missing, unknown or of the wrong type.
        """
        try:
            values = json.loads(text)
            values["labels"] = tuple(values["labels"])
            values["encoding"] = EncodingConfig(**values["encoding"])
            for name in ("transitions", "sentence_transitions"):
                if values.get(name) is not None:
                    values[name] = from_lists(values[name])
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BundleError(f"{MANIFEST} 格式不对：{error!r}；请重新导出模型") from error

    def check_compatible(self) -> None:
        """Refuse a model made for another taxonomy, normaliser or segmenter.

        :raises BundleError: names the part, both versions and the mend.
        """
        for part, theirs, ours in (
            ("标签体系", self.taxonomy_version, TAXONOMY_VERSION),
            ("文本归一化", self.normalizer_version, NORMALIZER_VERSION),
            ("分段", self.segmenter_version, SEGMENTER_VERSION),
        ):
            if theirs != ours:
                raise BundleError(f"模型的{part}版本是 {theirs}，程序需要 {ours}：请换用匹配的模型或程序版本")
        for name, links in (("transitions", self.transitions), ("sentence_transitions", self.sentence_transitions)):
            if links is not None and len(links.first) != len(self.labels):
                raise BundleError(f"manifest.json 的 {name} 有 {len(links.first)} 类，标签有 {len(self.labels)} 类")
        if sorted(self.labels) != sorted(LABEL_IDS):
            unknown = ", ".join(sorted(set(self.labels) ^ set(LABEL_IDS))) or "有重复"
            raise BundleError(f"模型的标签与标签体系 {TAXONOMY_VERSION} 不一致：{unknown}")
        for precision in ONNX_FILES:
            temperature = self.temperature.get(precision)
            if not isinstance(temperature, int | float) or not math.isfinite(temperature) or temperature <= 0:
                raise BundleError(f"manifest.json 中 {precision} 的 temperature 是 {temperature!r}，应为正数")


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@dataclass(frozen=True)
class Prediction:
    """Scores of one paragraph.

    :ivar scores: ``(label id, calibrated probability)``, best first, summing to 1.
    :ivar raw_scores: ``(label id, logit before calibration)``, best first.
    :ivar n_tokens: tokens of the paragraph itself.
    :ivar n_windows: windows it was scored by; more than 1 for a long text.
    """

    scores: tuple[tuple[str, float], ...]
    raw_scores: tuple[tuple[str, float], ...]
    n_tokens: int
    n_windows: int

    @property
    def label(self) -> str:
        """Id of the best label."""
        return self.scores[0][0]

    @property
    def score(self) -> float:
        """Probability of the best label."""
        return self.scores[0][1]


@dataclass(frozen=True)
class Bundle:
    """A loaded model directory, ready to classify."""

    directory: Path
    manifest: Manifest
    precision: Precision
    encoder: Encoder
    predictor: Predictor

    @classmethod
    def load(cls, directory: Path, precision: PrecisionChoice = "auto", runtime: RuntimeConfig | None = None) -> Self:
        """Read, verify and load a model directory.

        :param precision: ``auto`` takes what is fastest and right on this processor.

        :raises BundleError: the directory or a file is missing, was altered, or does not match this program.
        """
        manifest = read_manifest(directory)
        manifest.check_compatible()
        runtime = runtime or RuntimeConfig()
        chosen = choose_precision(precision, runtime.backend)
        verify_files(directory, manifest, ("tokenizer.json", ONNX_FILES[chosen]))
        encoder = Encoder.from_file(directory / "tokenizer.json", manifest.encoding)
        predictor = Predictor(directory / ONNX_FILES[chosen], manifest.temperature[chosen], runtime)
        if predictor.n_labels != len(manifest.labels):
            raise BundleError(f"{ONNX_FILES[chosen]} 输出 {predictor.n_labels} 类，清单列出 {len(manifest.labels)} 类")
        return cls(directory, manifest, chosen, encoder, predictor)

    def predictions(self, encoded: Sequence[EncodedParagraph], *, alone: bool = True) -> list[Prediction]:
        """Score encoded paragraphs, in order.

        :param alone: nothing else runs beside this call, so that it may use all cores.
        :raises ModelError: the engine failed.
        """
        logits = self.predictor.logits(encoded, alone=alone)
        # Whole arrays become lists at once: in service this holds the interpreter's lock against the event loop.
        orders = (-logits).argsort(axis=-1, kind="stable")
        ranked = np.take_along_axis(softmax(logits), orders, axis=-1).tolist()
        raw = (np.take_along_axis(logits, orders, axis=-1) * self.predictor.temperature).tolist()
        results = []
        for paragraph, order, scores, raw_scores in zip(encoded, orders.tolist(), ranked, raw, strict=True):
            labels = [self.manifest.labels[i] for i in order]
            results.append(
                Prediction(
                    scores=tuple(zip(labels, scores, strict=True)),
                    raw_scores=tuple(zip(labels, raw_scores, strict=True)),
                    n_tokens=paragraph.n_tokens,
                    n_windows=len(paragraph.windows),
                )
            )
        return results

    def classify(self, paragraphs: Sequence[ParagraphInput]) -> list[Prediction]:
        """Encode and score paragraphs, in order.

        :raises EmptyTextError: a paragraph has no visible character.
        """
        return self.predictions([self.encoder.encode(paragraph) for paragraph in paragraphs])

    def classify_document(self, paragraphs: Sequence[ParagraphInput]) -> list[Prediction]:
        """Encode and score the paragraphs of one document in reading order, and judge them together.

        :raises EmptyTextError: a paragraph has no visible character.
        """
        return self.decode(self.classify(paragraphs))

    def decode(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Judge the paragraphs of one document together, where the model knows how functions follow each other.

        :param predictions: of each paragraph by itself, in reading order.
        :returns: the same with other ``scores``; ``raw_scores`` stay as they are.
        """
        transitions, labels = self.manifest.transitions, self.manifest.labels
        if transitions is None or len(predictions) < 2:
            return list(predictions)
        scores = [dict(prediction.scores) for prediction in predictions]
        alone = np.asarray([[row[label] for label in labels] for row in scores])
        results = []
        for prediction, row in zip(predictions, transitions.posteriors(alone), strict=True):
            order = (-row).argsort(kind="stable")
            ranked = tuple((labels[i], float(row[i])) for i in order)
            results.append(replace(prediction, scores=ranked))
        return results


def read_manifest(directory: Path) -> Manifest:
    """Read ``manifest.json``.

    :raises BundleError: the directory or the file is missing or malformed.
    """
    if not directory.is_dir():
        raise BundleError(f"找不到模型目录 {directory}：请检查 --model 或 ZHANGFA_MODEL")
    try:
        text = (directory / MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"模型目录 {directory} 缺少可读的 {MANIFEST}：请用 zhangfa-train export 导出") from error
    return Manifest.from_json(text)


def verify_files(directory: Path, manifest: Manifest, names: tuple[str, ...]) -> None:
    """Compare files with their hashes in the manifest.

    :raises BundleError: a file is missing, not in the manifest, or altered.
    """
    for name in names:
        if name not in manifest.files:
            raise BundleError(f"{MANIFEST} 没有登记 {name}：请重新导出模型")
        if not (directory / name).is_file():
            raise BundleError(f"模型目录 {directory} 缺少 {name}：请重新导出或重新复制")
        if sha256(directory / name) != manifest.files[name]:
            raise BundleError(f"{directory / name} 与清单中的校验值不符，文件可能损坏或被改动：请重新导出或重新复制")
