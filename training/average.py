"""The mean of the weights of several classifiers that come from one another (model soups, Wortsman et al. 2022).

Fine-tuning on more written documents gains on those and drifts from real speeches; the mean keeps most of both.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer, PreTrainedModel

from training.export import load_torch


@torch.no_grad()
def average(folders: Sequence[Path], output: Path) -> None:
    """Write the plain mean of fine-tuned models, in float16, with the tokenizer of the first.

    :param folders: as written by ``zhangfa-train finetune`` or ``export``; of one shape and one tokenizer.
    :raises ValueError: there is none, or the shapes differ.
    """
    if not folders:
        raise ValueError("no model to average; name at least one folder")
    models: list[PreTrainedModel] = [load_torch(folder) for folder in folders]
    named = [dict(model.named_parameters()) for model in models]
    for name, weight in named[0].items():
        others = [parameters[name] for parameters in named]
        if any(other.shape != weight.shape for other in others):
            raise ValueError(f"{name} has other shapes in {', '.join(map(str, folders))}; average models of one shape")
        weight.copy_(torch.stack([other.float() for other in others]).mean(dim=0))
    models[0].to(torch.float16).save_pretrained(output)
    AutoTokenizer.from_pretrained(folders[0]).save_pretrained(output)
