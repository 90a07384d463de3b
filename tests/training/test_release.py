import random
from pathlib import Path

import numpy as np
import pytest

from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from service.core.segment import segment, with_context
from training.data.schema import LabelledParagraph, by_document
from training.dataset import EvaluationWindows, TrainingWindows, WindowCollator, drop_context, examples, without_context
from training.export import Parity, ParityError, check_parity, compare, load_torch, torch_logits
from training.finetune import load_encoder


def test_training_and_serving_encode_the_same(tiny_directory: Path, tiny: Bundle, labelled) -> None:
    document = by_document(labelled)[0]
    trained = [load_encoder(tiny_directory, tiny.encoder.config).encode(e.paragraph) for e in examples(document)]
    served = [tiny.encoder.encode(p) for p in segment("\n".join(row.text for row in document)).inputs()]
    assert len(trained) == len(served)
    for a, b in zip(trained, served, strict=True):
        assert [w.ids.tolist() for w in a.windows] == [w.ids.tolist() for w in b.windows]
        assert [w.segments.tolist() for w in a.windows] == [w.segments.tolist() for w in b.windows]


def test_the_float_graph_answers_as_torch_does(tiny_directory: Path, labelled: list[LabelledParagraph]) -> None:
    bundle = Bundle.load(tiny_directory, "fp32")
    encoded = [bundle.encoder.encode(p) for p in with_context([row.text for row in labelled[:60]])]
    windows = [window for paragraph in encoded for window in paragraph.windows]
    reference = torch_logits(load_torch(tiny_directory), windows)
    logits = bundle.predictor.window_logits(windows)
    parity = compare(reference, logits, reference.argmax(axis=-1))
    assert parity.largest_difference < 1e-3
    assert parity.flip_share == parity.f1_loss == 0


def test_parity_is_asserted() -> None:
    good, flipped = Parity(1e-5, 0.0, 0.0), Parity(0.4, 0.1, 0.0)
    check_parity(good, Parity(0.3, 0.008, 0.004))
    with pytest.raises(ParityError, match="float32"):
        check_parity(flipped, good)
    with pytest.raises(ParityError, match="int8"):
        check_parity(good, flipped)
    with pytest.raises(ParityError, match="loses"):
        check_parity(good, Parity(0.3, 0.0, 0.006))


def test_the_card_and_manifest_hold_measured_figures(tiny: Bundle) -> None:
    card = (tiny.directory / "README.md").read_text()
    assert f"{tiny.manifest.metrics['dev']['macro_f1']['value']:.3f}" in card
    assert set(tiny.manifest.temperature) == {"fp32", "int8"}
    assert set(tiny.manifest.data) == {"train.jsonl", "dev.jsonl"}


def test_context_dropout_keeps_the_text() -> None:
    paragraph = ParagraphInput("好。", ("一、题",), "前。", "后。")
    rng = random.Random(0)
    seen = {drop_context(paragraph, rng, 0.3, 0.3) for _ in range(200)}
    assert {p.text for p in seen} == {"好。"}
    assert paragraph in seen
    assert without_context(paragraph) in seen
    assert len(seen) == 8


def test_targets_are_distributions_with_a_share_for_the_secondary(labelled: list[LabelledParagraph]) -> None:
    mixed = [row for row in labelled if row.secondary][:5]
    assert mixed
    for item, row in zip(examples(mixed, 0.2), mixed, strict=True):
        assert item.target.sum() == pytest.approx(1)
        assert item.target.max() == pytest.approx(0.8)
        assert item.label == row.label


def test_windows_of_training_and_evaluation(tiny: Bundle, labelled: list[LabelledParagraph]) -> None:
    items = examples(labelled[:50])
    train = TrainingWindows(items, tiny.encoder, drop_all=0.5, drop_part=0.5, seed=0)
    evaluation = EvaluationWindows(items, tiny.encoder)
    assert len(train) == 50
    assert len(evaluation) == sum(len(e.windows) for e in evaluation.encoded) >= 50
    batch = WindowCollator(0)([train[i] for i in range(8)])
    assert batch["labels"].shape == (8, 11)
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert np.allclose(batch["labels"].sum(dim=1).numpy(), 1)
