"""From a fine-tuned classifier to a verified model directory that the service loads."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from service.core.bundle import MANIFEST, ONNX_FILES, Bundle, Manifest, sha256
from service.core.encode import EncodingConfig, ParagraphInput
from service.core.labels import LABEL_IDS, TAXONOMY_VERSION
from service.core.predictor import Predictor, combine_windows, softmax
from service.core.runtime import Precision
from service.core.segment import SEGMENTER_VERSION
from service.core.text import NORMALIZER_VERSION
from training import export
from training.calibrate import fit_temperature
from training.card import model_card
from training.data.mixed import read_mixed
from training.data.schema import LabelledParagraph, by_document, read_labelled
from training.dataset import examples, sentence_examples, without_context
from training.evaluate import evaluate
from training.finetune import load_encoder
from training.transitions import count_sentence_transitions, count_transitions, fit_strength

_N_CALIBRATION_INPUTS = 512


@dataclass(frozen=True)
class ReleaseRequest:
    """What to export and what to measure it on.

    :ivar train_files: the labelled files the model was fine-tuned on.
    :ivar mixed_files: paragraphs that mix functions, which it was fine-tuned on too.
    :ivar dev_file: held-out labelled rows for parity, temperature and the figures of the card.
    :ivar largest_int8_flip_share: of labels that int8 may change before the release is refused.
    :ivar largest_int8_f1_loss: of macro-F1 that int8 may cost, likewise.
    """

    source: Path
    target: Path
    name: str
    version: str
    train_files: Sequence[Path]
    dev_file: Path
    encoding: EncodingConfig
    mixed_files: Sequence[Path] = ()
    largest_int8_flip_share: float = export.LARGEST_INT8_FLIP_SHARE
    largest_int8_f1_loss: float = export.LARGEST_INT8_F1_LOSS


def _git_commit() -> str:
    run = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return run.stdout.strip()


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {MANIFEST, "README.md"}
    }


def _with_and_without_context(rows: Sequence[LabelledParagraph]) -> list[ParagraphInput]:
    """Every paragraph in its context, then every one alone, since both are served."""
    inputs = [item.paragraph for item in examples(rows)]
    return inputs + [without_context(paragraph) for paragraph in inputs]


def _documents(rows: Sequence[LabelledParagraph], probabilities: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Probabilities and gold indices of each document."""
    start = 0
    for document in by_document(rows):
        end = start + len(document)
        yield probabilities[start:end], np.asarray([LABEL_IDS.index(row.label) for row in document])
        start = end


def release(request: ReleaseRequest) -> Manifest:
    """Export, check parity, fit temperatures and transitions, measure, and write the model directory.

    :raises ParityError: an exported graph does not answer as torch does.
    """
    target = request.target
    export.copy_model_files(request.source, target)
    model = export.load_torch(target)
    encoder = export.serving_encoder(target, load_encoder(request.source, request.encoding))
    train = [row for path in request.train_files for row in read_labelled(path)]
    dev = read_labelled(request.dev_file)
    mixed = [row for path in request.mixed_files for row in read_mixed(path)]
    sentences = sentence_examples(train, mixed)
    inputs = _with_and_without_context(train) + [item.paragraph for item in chain.from_iterable(sentences)]
    encoded = [encoder.encode(item) for item in _with_and_without_context(dev)]
    gold = np.asarray([LABEL_IDS.index(row.label) for row in dev] * 2)

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "model.onnx")
        export.export_float(model, plain)
        (target / "onnx").mkdir(exist_ok=True)
        rng = np.random.default_rng(0)
        chosen = [inputs[i] for i in rng.permutation(len(inputs))[:_N_CALIBRATION_INPUTS]]
        export.quantize(
            plain, target / ONNX_FILES["int8"], export.windows_of([encoder.encode(item) for item in chosen])
        )
        export.halve_weights(plain)
        (target / ONNX_FILES["fp32"]).write_bytes(plain.read_bytes())

    reference = combine_windows(export.torch_logits(model, export.windows_of(encoded)), encoded)
    parity: dict[str, export.Parity] = {}
    temperature: dict[str, float] = {}
    precisions: tuple[Precision, ...] = ("fp32", "int8")
    for precision in precisions:
        logits = Predictor(target / ONNX_FILES[precision], temperature=1.0).logits(encoded)
        parity[precision] = export.compare(reference, logits, gold)
        temperature[precision] = fit_temperature(logits, gold)
    in_context = softmax(logits[: len(dev)] / temperature["int8"])
    transitions = fit_strength(count_transitions(train), list(_documents(dev, in_context)))
    export.check_parity(parity["fp32"], parity["int8"], request.largest_int8_flip_share, request.largest_int8_f1_loss)

    manifest = Manifest(
        name=request.name,
        version=request.version,
        taxonomy_version=TAXONOMY_VERSION,
        normalizer_version=NORMALIZER_VERSION,
        segmenter_version=SEGMENTER_VERSION,
        labels=LABEL_IDS,
        temperature=temperature,
        encoding=request.encoding,
        transitions=transitions,
        sentence_transitions=count_sentence_transitions(sentences),
        files=_files(target),
        git_commit=_git_commit(),
        data={path.name: sha256(path) for path in (*request.train_files, *request.mixed_files, request.dev_file)},
    )
    (target / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    measured = evaluate(Bundle.load(target, "int8"), dev, train).summary()
    manifest = replace(
        manifest, metrics={request.dev_file.stem: measured, "parity": {p: asdict(v) for p, v in parity.items()}}
    )
    (target / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    sizes = {path.relative_to(target).as_posix(): path.stat().st_size for path in target.rglob("*") if path.is_file()}
    (target / "README.md").write_text(model_card(manifest, sizes), encoding="utf-8")
    return manifest
