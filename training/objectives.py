"""What pretraining minimises."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from transformers import BertForMaskedLM

from training.masking import MaskedBatch


@dataclass(frozen=True)
class Losses:
    """Both objectives in nats, float32 scalars.

    :ivar masked: mean cross-entropy of the hidden tokens at their positions.
    :ivar bag: mean cross-entropy of all tokens of the sequence as predicted from ``[CLS]`` alone.
    """

    masked: torch.Tensor
    bag: torch.Tensor


def pretraining_losses(model: BertForMaskedLM, batch: MaskedBatch, tokens: np.ndarray, device: torch.device) -> Losses:
    """Masked language modelling, and the bag of words from ``[CLS]``.

    Fine-tuning reads ``[CLS]``, which masked language modelling alone never trains. Asking it for the sequence's words
    makes it gather them (compare the bag-of-words target of RetroMAE-2, Xiao et al. 2023).

    :param tokens: the sequences before masking, *shape* ``(n_sequences, n_tokens)``, int64.
    """
    hidden = model.bert(torch.from_numpy(batch.inputs).to(device)).last_hidden_state
    chosen = at_positions(hidden, torch.from_numpy(batch.positions).to(device)).flatten(0, 1)
    logits = model.cls(torch.cat([chosen, hidden[:, 0]])).float()
    masked = functional.cross_entropy(logits[: len(chosen)], torch.from_numpy(batch.targets).to(device).flatten())
    return Losses(masked, bag_of_words_loss(logits[len(chosen) :], torch.from_numpy(tokens[:, 1:]).to(device)))


def at_positions(hidden: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Rows of ``(n_sequences, n_tokens, size)`` at ``(n_sequences, n_chosen)`` positions of each sequence."""
    return torch.gather(hidden, 1, positions[..., None].expand(-1, -1, hidden.shape[-1]))


def bag_of_words_loss(logits: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of all ``words``, ``(n_sequences, n_words)``, under one prediction for each sequence."""
    return -functional.log_softmax(logits, dim=-1).gather(1, words).mean()
