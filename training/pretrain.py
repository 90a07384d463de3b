"""Pretrain a small BERT from scratch by masked language modelling, within a wall-clock budget.

Sequences are packed without padding, short ones first and the length used in fine-tuning last; weights and
activations are bfloat16 with float32 master weights; only hidden positions pass through the output layer; the
learning rate decays with the time left, not with a number of steps (Geiping and Goldstein 2022).
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from training.initialization import local_columns, look_at_neighbours, sinusoidal_positions
from training.masking import MaskedBatch, mask_spans
from training.objectives import Losses, pretraining_losses
from training.optimizer import MasterWeightsOptimizer
from training.tokens import TokenStream

CHECKPOINT = "checkpoint.pt"
PROGRESS = "progress.jsonl"


@dataclass(frozen=True)
class PretrainConfig:
    """Shape of the model and of the run.

    :ivar hours: wall-clock budget over all resumed runs together.
    :ivar long_share: last share of the budget that trains on ``long_tokens`` instead of ``short_tokens``.
    :ivar batch_tokens: tokens per update.
    :ivar mean_span: mean length in tokens of what is hidden together; 1 hides single tokens.
    :ivar bag_weight: weight of the bag-of-words loss from ``[CLS]`` beside the masked-language-model loss.
    """

    hours: float = 2.0
    hidden_size: int = 320
    n_layers: int = 6
    n_heads: int = 5
    intermediate_size: int = 1280
    max_positions: int = 512
    short_tokens: int = 128
    long_tokens: int = 384
    long_share: float = 0.12
    batch_tokens: int = 8192
    learning_rate: float = 1e-3
    warmup_share: float = 0.02
    weight_decay: float = 0.01
    mask_share: float = 0.2
    mean_span: float = 1.8
    bag_weight: float = 0.5
    seed: int = 0


def _create(config: PretrainConfig, vocab_size: int, pad_id: int, embeddings: np.ndarray | None) -> BertForMaskedLM:
    """A new model at the start that :mod:`training.initialization` describes."""
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=vocab_size,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            intermediate_size=config.intermediate_size,
            max_position_embeddings=config.max_positions,
            pad_token_id=pad_id,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",  # the CPU backward pass of the fused kernel is slower
        )
    )
    tables = model.bert.embeddings
    tables.position_embeddings.weight.data.copy_(
        torch.from_numpy(sinusoidal_positions(config.max_positions, config.hidden_size))
    )
    for layer in model.bert.encoder.layer[: config.n_layers // 2]:
        attention = layer.attention.self
        look_at_neighbours(attention.query.weight, attention.key.weight, config.n_heads)
    if embeddings is not None:
        tables.word_embeddings.weight.data.copy_(torch.from_numpy(embeddings))
    tables.word_embeddings.weight.data[:, local_columns(config.hidden_size, config.n_heads)] = 0
    return model


def _load(folder: Path, vocab_size: int) -> BertForMaskedLM:
    model = BertForMaskedLM.from_pretrained(
        folder,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
        dtype=torch.float32,
    )
    if model.config.vocab_size != vocab_size:
        raise ValueError(f"{folder} has {model.config.vocab_size} tokens, the tokenizer {vocab_size}; use its own")
    return model


class Pretraining:
    """One resumable run: model, optimiser, place in the data and time used, all in one checkpoint file."""

    def __init__(
        self,
        config: PretrainConfig,
        tokens: np.ndarray,
        output: Path,
        *,
        vocab_size: int,
        special_ids: dict[str, int],
        embeddings: np.ndarray | None = None,
        start: Path | None = None,
        device: str = "cpu",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start a run, or go on with the one whose checkpoint lies in ``output``.

        :param tokens: flat token ids, *shape* ``(n_corpus_tokens,)``, uint16; the last 0.5% is held out.
        :param special_ids: ids of ``pad``, ``cls`` and ``mask``; all special ids come before all others.
        :param embeddings: initial word embeddings, *shape* ``(vocab_size, hidden_size)``, float32.
        :param start: folder of an earlier model with the same tokenizer to go on from, an encoder or a classifier; its
            shape replaces that of ``config``, and an output layer that it lacks starts from noise.
        :param clock: seconds that count against the budget; ``time.process_time`` compares runs on a busy machine.
        :raises ValueError: the vocabulary of ``start`` has another size.
        """
        torch.manual_seed(config.seed)
        self.config, self.output, self.device, self.clock = config, output, torch.device(device), clock
        n_held_out = max(len(tokens) // 200, config.batch_tokens)
        self.held_out = tokens[-n_held_out:]
        self.stream = TokenStream(tokens[:-n_held_out], config.seed)
        self.ids, self.vocab_size = special_ids, vocab_size
        self.model = self.create(embeddings, start).to(self.device)
        self.optimizer = MasterWeightsOptimizer(self.model, config.learning_rate, config.weight_decay)
        self.model.to(torch.bfloat16)
        self.optimizer.working = [p for p in self.model.parameters() if p.requires_grad]
        self.step, self.seconds, self.n_tokens_seen = 0, 0.0, 0
        if (output / CHECKPOINT).exists():
            self._resume()

    def create(self, embeddings: np.ndarray | None, start: Path | None) -> BertForMaskedLM:
        """The model to be trained; another objective may add layers to it."""
        if start:
            return _load(start, self.vocab_size)
        return _create(self.config, self.vocab_size, self.ids["pad"], embeddings)

    def losses(self, batch: MaskedBatch, blocks: np.ndarray) -> Losses:
        """What one batch costs; another objective may count otherwise."""
        return pretraining_losses(self.model, batch, blocks, self.device)

    def _resume(self) -> None:
        state = torch.load(self.output / CHECKPOINT, map_location=self.device, weights_only=True)
        for master, saved in zip(self.optimizer.masters, state["masters"], strict=True):
            master.copy_(saved)
        self.optimizer.copy_to_model()
        for optimizer, saved in zip(self.optimizer.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.stream.epoch, self.stream.position = state["epoch"], state["position"]
        self.step, self.seconds, self.n_tokens_seen = state["step"], state["seconds"], state["n_tokens_seen"]

    def save(self) -> None:
        """Write the checkpoint (whole or not at all) and the model in float16 for fine-tuning."""
        part = self.output / (CHECKPOINT + ".part")
        torch.save(
            {
                "masters": self.optimizer.masters,
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizer.optimizers],
                "epoch": self.stream.epoch,
                "position": self.stream.position,
                "step": self.step,
                "seconds": self.seconds,
                "n_tokens_seen": self.n_tokens_seen,
            },
            part,
        )
        part.replace(self.output / CHECKPOINT)
        weights = {
            name: master.to(torch.float16)
            for (name, _), master in zip(self.model.named_parameters(), self.optimizer.masters, strict=True)
        }
        self.model.save_pretrained(self.output, state_dict=weights)

    def _mask(self, blocks: np.ndarray, rng: np.random.Generator) -> MaskedBatch:
        return mask_spans(
            blocks,
            rng,
            mask_id=self.ids["mask"],
            vocab_size=self.vocab_size,
            n_special=max(self.ids.values()) + 1,
            share=self.config.mask_share,
            mean_span=self.config.mean_span,
        )

    @torch.no_grad()
    def held_out_loss(self) -> float:
        """Masked-language-model loss in nats on up to 64 fixed blocks that are never trained on."""
        n_tokens = self.config.short_tokens
        n_blocks = min(64, len(self.held_out) // (n_tokens - 1))
        blocks = TokenStream(self.held_out, 0).next_blocks(n_blocks, n_tokens, self.ids["cls"])
        batch = self._mask(blocks, np.random.default_rng(0))
        return self.losses(batch, blocks).masked.item()

    def learning_rate(self, progress: float) -> float:
        """Linear warm-up, then linear decay to 2% of the peak by share of the time budget."""
        if progress < self.config.warmup_share:
            return self.config.learning_rate * max(progress / self.config.warmup_share, 0.01)
        left = (1 - progress) / (1 - self.config.warmup_share)
        return self.config.learning_rate * max(left, 0.02)

    def run(self, report_seconds: float = 60.0, save_seconds: float = 300.0) -> None:
        """Train until the budget is used; progress goes to ``progress.jsonl`` and standard error."""
        self.output.mkdir(parents=True, exist_ok=True)
        (self.output / "pretrain_config.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        budget = self.config.hours * 3600
        last_report = last_save = self.seconds
        masked_losses: list[float] = []
        bag_losses: list[float] = []
        norms: list[float] = []
        before = self.clock()
        while self.seconds < budget:
            progress = self.seconds / budget
            long = progress >= 1 - self.config.long_share
            n_tokens = self.config.long_tokens if long else self.config.short_tokens
            n_blocks = max(1, self.config.batch_tokens // n_tokens)
            blocks = self.stream.next_blocks(n_blocks, n_tokens, self.ids["cls"])
            rng = np.random.default_rng((self.config.seed, self.step))
            losses = self.losses(self._mask(blocks, rng), blocks)
            loss = losses.masked + self.config.bag_weight * losses.bag
            if not math.isfinite(loss.item()):
                raise FloatingPointError(f"the loss is {loss.item()} at step {self.step}; lower the learning rate")
            loss.backward()  # type: ignore[no-untyped-call]
            norms.append(self.optimizer.step(self.learning_rate(progress)))
            masked_losses.append(losses.masked.item())
            bag_losses.append(losses.bag.item())
            self.step += 1
            self.n_tokens_seen += blocks.size
            now = self.clock()
            self.seconds, before = self.seconds + now - before, now
            if self.seconds - last_report >= report_seconds or self.seconds >= budget:
                last_report = self.seconds
                self._report(float(np.mean(masked_losses)), float(np.mean(bag_losses)), float(np.mean(norms)))
                masked_losses, bag_losses, norms = [], [], []
            if self.seconds - last_save >= save_seconds or self.seconds >= budget:
                last_save = self.seconds
                self.save()

    def _report(self, loss: float, bag_loss: float, norm: float) -> None:
        line = {
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "n_tokens_seen": self.n_tokens_seen,
            "loss": round(loss, 4),
            "bag_loss": round(bag_loss, 4),
            "held_out_loss": round(self.held_out_loss(), 4),
            "gradient_norm": round(norm, 3),
            "epoch": self.stream.epoch,
        }
        text = json.dumps(line)
        with (self.output / PROGRESS).open("a") as out:
            out.write(text + "\n")
        print(text, flush=True)
