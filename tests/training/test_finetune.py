from copy import deepcopy

import pytest
import torch

from training.finetune import average_weights, load_classifier


def test_averaged_weights_lie_between_both(tiny_directory) -> None:
    start = load_classifier(tiny_directory, 0.0)
    model = deepcopy(start)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(1.0)
    average_weights(model, start, 0.25)
    for own, other in zip(model.parameters(), start.parameters(), strict=True):
        assert (own - other).detach().numpy() == pytest.approx(0.75, abs=1e-5)
