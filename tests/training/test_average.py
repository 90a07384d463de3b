"""The mean of weights."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from training.average import average, average_weights
from training.export import load_torch
from training.finetune import load_classifier, load_encoder


def test_the_mean_lies_between_its_models(tiny_directory: Path, tmp_path: Path) -> None:
    other = load_torch(tiny_directory)
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(0.5)
    other.save_pretrained(tmp_path / "other")
    average([tiny_directory, tmp_path / "other"], tmp_path / "mean")
    mean, first = load_torch(tmp_path / "mean"), load_torch(tiny_directory)
    for own, weight in zip(mean.parameters(), first.parameters(), strict=True):
        assert torch.allclose(own.float(), weight.float() + 0.25, atol=2e-3)
    assert load_encoder(tmp_path / "mean").tokenizer.get_vocab_size() > 0


def test_averaged_weights_lie_between_both(tiny_directory: Path) -> None:
    start = load_classifier(tiny_directory, 0.0)
    model = deepcopy(start)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(1.0)
    average_weights(model, start, 0.25)
    for own, other in zip(model.parameters(), start.parameters(), strict=True):
        assert (own - other).detach().numpy() == pytest.approx(0.75, abs=1e-5)


def test_models_of_other_shapes_are_refused(tiny_directory: Path, tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(tiny_directory)
    config.intermediate_size *= 2
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path / "wide")
    with pytest.raises(ValueError, match="other shapes"):
        average([tiny_directory, tmp_path / "wide"], tmp_path / "mean")
    with pytest.raises(ValueError, match="no model"):
        average([], tmp_path / "mean")
