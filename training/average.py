"""The mean of the weights of several classifiers that come from one another (model soups, Wortsman et al. 2022).

Fine-tuning on more written documents gains on those and drifts from real speeches; the mean keeps most of both.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer, PreTrainedModel

from training.export import load_torch


@torch.no_grad()
def average_weights(model: torch.nn.Module, other: torch.nn.Module, other_share: float) -> None:
    """Move the weights of ``model`` towards those of ``other``, which has the same shape, in place."""
    for own, theirs in zip(model.parameters(), other.parameters(), strict=True):
        own.lerp_(theirs.to(own.device), other_share)


def average(folders: Sequence[Path], output: Path) -> None:
    """Write the plain mean of fine-tuned models, in float16, with the tokenizer of the first.

    :param folders: as written by ``zhangfa-train finetune`` or ``export``; of one shape and one tokenizer.
    :raises ValueError: there is none, or the shapes differ.
    """
    if not folders:
        raise ValueError("no model to average; name at least one folder")
    mean: PreTrainedModel = load_torch(folders[0])
    shapes = [weight.shape for weight in mean.parameters()]
    for n_before, folder in enumerate(folders[1:], start=1):
        other = load_torch(folder)
        if [weight.shape for weight in other.parameters()] != shapes:
            raise ValueError(f"{folder} has weights of other shapes than {folders[0]}; average models of one shape")
        average_weights(mean, other, 1 / (n_before + 1))
    mean.to(torch.float16).save_pretrained(output)
    AutoTokenizer.from_pretrained(folders[0]).save_pretrained(output)
