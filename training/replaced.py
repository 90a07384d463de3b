"""Replaced-token detection (ELECTRA, Clark et al. 2020) in place of masked language modelling.

A small generator fills the masked tokens, and the encoder tells for every token whether it is the original one.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM

from training.masking import MaskedBatch
from training.objectives import Losses, at_positions, bag_of_words_loss
from training.pretrain import Pretraining

_DETECTION_WEIGHT = 50.0  # as in the paper
_GENERATOR_SHARE = 4  # the generator's width is a fourth


class ReplacedTokenDetection(Pretraining):
    """Trains generator and encoder together; only the encoder is of use afterwards."""

    def create(self, embeddings: np.ndarray | None, start: Path | None) -> BertForMaskedLM:
        model = super().create(embeddings, start)
        size = self.config.hidden_size // _GENERATOR_SHARE
        model.generator = BertForMaskedLM(
            BertConfig(
                vocab_size=self.vocab_size,
                hidden_size=size,
                num_hidden_layers=self.config.n_layers // 2,
                num_attention_heads=1,
                intermediate_size=4 * size,
                max_position_embeddings=self.config.max_positions,
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
                attn_implementation="eager",
            )
        )
        model.detector = torch.nn.Linear(self.config.hidden_size, 1)
        return model

    def losses(self, batch: MaskedBatch, blocks: np.ndarray) -> Losses:
        """The generator's masked loss with the weighted detection loss, and the bag of words from the encoder."""
        inputs = torch.from_numpy(batch.inputs).to(self.device)
        positions = torch.from_numpy(batch.positions).to(self.device)
        originals = torch.from_numpy(blocks).to(self.device)
        generated = self.model.generator.bert(inputs).last_hidden_state
        logits = self.model.generator.cls(at_positions(generated, positions)).float()
        masked = functional.cross_entropy(logits.flatten(0, 1), originals.gather(1, positions).flatten())
        with torch.no_grad():
            noise = -torch.empty_like(logits).exponential_().log()  # Gumbel: the maximum is a sample
            filled = originals.scatter(1, positions, (logits + noise).argmax(dim=-1))
        encoder = self.model.bert(filled).last_hidden_state
        replaced = (filled != originals).float()[:, 1:]
        detected = functional.binary_cross_entropy_with_logits(
            self.model.detector(encoder[:, 1:]).squeeze(-1).float(), replaced
        )
        bag = bag_of_words_loss(self.model.cls(encoder[:, 0]).float(), originals[:, 1:])
        return Losses(masked + _DETECTION_WEIGHT * detected, bag)
