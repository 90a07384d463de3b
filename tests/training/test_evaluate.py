from pathlib import Path

import numpy as np
import pytest

from service.core.bundle import Bundle
from service.core.labels import LABEL_IDS
from service.core.predictor import softmax
from training.baselines import majority, tfidf_logistic
from training.calibrate import fit_min_score, fit_temperature
from training.data.schema import LabelledParagraph
from training.evaluate import evaluate
from training.metrics import Interval, expected_calibration_error, macro_f1, macro_f1_interval
from training.report import draw_calibration, draw_confusion, markdown


def test_macro_f1_counts_only_labels_that_occur() -> None:
    assert macro_f1(["task", "task", "goal"], ["task", "task", "goal"]) == 1
    assert macro_f1(["task", "task"], ["task", "goal"]) == pytest.approx(2 / 3)


def test_intervals_hold_the_value_and_widen_with_fewer_documents() -> None:
    rng = np.random.default_rng(0)
    gold = rng.choice(["task", "goal", "other"], 300).tolist()
    predicted = [g if rng.random() < 0.8 else "task" for g in gold]
    many = macro_f1_interval([str(i) for i in range(300)], gold, predicted)
    few = macro_f1_interval([str(i // 60) for i in range(300)], gold, predicted)
    assert many.low < many.value < many.high
    assert few.low <= few.value <= few.high


def test_calibration_error_of_known_cases() -> None:
    assert expected_calibration_error(np.array([0.95, 0.95]), np.array([True, True])) == pytest.approx(0.05)
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([False, False])) == pytest.approx(1.0)


def test_temperature_is_recovered() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, len(LABEL_IDS))) * 2
    gold = np.array([rng.choice(len(LABEL_IDS), p=p / p.sum()) for p in softmax(logits).astype(float)])
    assert fit_temperature(logits * 2.5, gold) == pytest.approx(2.5, rel=0.1)
    with pytest.raises(ValueError, match="no labelled paragraph"):
        fit_temperature(np.empty((0, 3)), np.empty(0, dtype=int))


def test_the_report_holds_every_part(tiny: Bundle, labelled: list[LabelledParagraph], tmp_path: Path) -> None:
    train, test = labelled[:400], labelled[400:520]
    result = evaluate(tiny, test, train)
    arms = {"untrained": Interval(0.1, 0.05, 0.15)}
    page = markdown(result, "authored", arms, {row.text for row in test})
    assert all(label in page for label in LABEL_IDS)
    assert "| untrained | 0.100 (0.050 to 0.150) |" in page
    assert sum(n for n, _, _ in result.by_length.values()) == sum(n for n, _, _ in result.by_field.values()) == 120
    assert any(text[:20] in page for _, _, text in result.mistakes)
    assert not any(text[:20] in markdown(result, "others") for _, _, text in result.mistakes if len(text) > 20)
    assert "TF-IDF" in page
    assert result.baselines["TF-IDF + logistic regression"].value > result.baselines["majority"].value
    assert int(result.confusion.sum()) == len(test)
    draw_confusion(result.confusion, tmp_path / "confusion.png")
    draw_calibration({"authored": result}, tmp_path / "calibration.png")
    for name in ("confusion.png", "calibration.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_baselines_label_every_row(labelled: list[LabelledParagraph]) -> None:
    train, test = labelled[:300], labelled[300:350]
    assert len(tfidf_logistic(train, test)) == len(majority(train, test)) == 50
    assert len(set(majority(train, test))) == 1


def test_the_least_score_that_reaches_an_accuracy() -> None:
    confidence = np.asarray([0.9, 0.8, 0.8, 0.6, 0.5])
    right = np.asarray([True, True, False, True, True])
    assert fit_min_score(confidence, right, 0.75).min_score == 0.5
    strict = fit_min_score(confidence, right, 0.97)
    assert (strict.min_score, strict.coverage) == (0.9, 0.2)
    tied = fit_min_score(np.asarray([0.8, 0.8]), np.asarray([True, False]), 0.97)
    assert (tied.min_score > 1, tied.coverage) == (True, 0.0)
