"""Pretrain a small BERT from scratch by masked language modelling, within a wall-clock budget.

Sequences are packed without padding, short ones first and the length used in fine-tuning last; weights and
activations are bfloat16 with float32 master weights; only hidden positions pass through the output layer; the
learning rate decays with the time left, not with a number of steps (Geiping and Goldstein 2022).
"""

import json
import math
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

from training.corpus import Source, sample_documents
from training.initialization import local_columns, look_at_neighbours, sinusoidal_positions
from training.masking import MaskedBatch, mask_spans

CHECKPOINT = "checkpoint.pt"
PROGRESS = "progress.jsonl"


@dataclass(frozen=True)
class PretrainConfig:
    """Shape of the model and of the run.

    :ivar hours: wall-clock budget over all resumed runs together.
    :ivar long_share: last share of the budget that trains on ``long_tokens`` instead of ``short_tokens``.
    :ivar batch_tokens: tokens per update.
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
    batch_tokens: int = 4096
    learning_rate: float = 1e-3
    warmup_share: float = 0.02
    weight_decay: float = 0.01
    mask_share: float = 0.2
    bag_weight: float = 0.5
    seed: int = 0


class TokenStream:
    """Endless shuffled blocks of one flat token array; the order depends on the seed and the epoch only."""

    def __init__(self, tokens: np.ndarray, seed: int) -> None:
        self.tokens = tokens
        self.seed = seed
        self.epoch = 0
        self.position = 0  # tokens of this epoch already used
        self._order_key: tuple[int, int] | None = None
        self._order: np.ndarray = np.empty(0, dtype=np.int64)

    def next_blocks(self, n_blocks: int, n_tokens: int, cls_id: int) -> np.ndarray:
        """Return blocks that start with ``[CLS]``, *shape* ``(n_blocks, n_tokens)``, int64."""
        width = n_tokens - 1
        n_available = len(self.tokens) // width
        if n_available < n_blocks:
            raise ValueError(f"{len(self.tokens)} tokens are too few for a batch of {n_blocks} × {n_tokens}")
        index = self.position // width
        if index + n_blocks > n_available:
            self.epoch, self.position, index = self.epoch + 1, 0, 0
        if self._order_key != (self.epoch, width):
            rng = np.random.default_rng((self.seed, self.epoch))
            self._order, self._order_key = rng.permutation(n_available), (self.epoch, width)
        blocks = np.full((n_blocks, n_tokens), cls_id, dtype=np.int64)
        for row, block in enumerate(self._order[index : index + n_blocks]):
            blocks[row, 1:] = self.tokens[block * width : (block + 1) * width]
        self.position = (index + n_blocks) * width
        return blocks


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
    positions = torch.from_numpy(batch.positions).to(device)
    chosen = torch.gather(hidden, 1, positions[..., None].expand(-1, -1, hidden.shape[-1])).flatten(0, 1)
    logits = model.cls(torch.cat([chosen, hidden[:, 0]])).float()
    masked = functional.cross_entropy(logits[: len(chosen)], torch.from_numpy(batch.targets).to(device).flatten())
    words = torch.from_numpy(tokens[:, 1:]).to(device)
    bag = -functional.log_softmax(logits[len(chosen) :], dim=-1).gather(1, words).mean()
    return Losses(masked, bag)


class MasterWeightsOptimizer:
    """Optimisers over float32 copies of bfloat16 weights (Micikevicius et al. 2018).

    The matrices inside the encoder layers take Muon (Jordan et al. 2024, scaled to AdamW's update size after Liu et
    al. 2025); embeddings, output layer and vectors take AdamW, without decay on vectors.
    """

    def __init__(self, model: torch.nn.Module, learning_rate: float, weight_decay: float) -> None:
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.working = [p for _, p in named]
        self.masters = [p.detach().float().clone() for p in self.working]
        inner = [m for (name, _), m in zip(named, self.masters, strict=True) if ".layer." in name and m.ndim == 2]
        inner_ids = set(map(id, inner))
        outer = [m for m in self.masters if id(m) not in inner_ids]
        groups = [
            {"params": [m for m in outer if m.ndim > 1], "weight_decay": weight_decay},
            {"params": [m for m in outer if m.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True),
            torch.optim.Muon(inner, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        ]

    def step(self, learning_rate: float) -> float:
        """Clip to norm 1, update, copy back and clear the gradients; returns the norm before clipping."""
        for master, weight in zip(self.masters, self.working, strict=True):
            master.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
            optimizer.step()
        self.copy_to_model()
        return norm.item()

    @torch.no_grad()
    def copy_to_model(self) -> None:
        """Round the master weights into the model."""
        for master, weight in zip(self.masters, self.working, strict=True):
            weight.copy_(master)


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
        device: str = "cpu",
    ) -> None:
        """Start a run, or go on with the one whose checkpoint lies in ``output``.

        :param tokens: flat token ids, *shape* ``(n_corpus_tokens,)``, uint16; the last 0.5% is held out.
        :param special_ids: ids of ``pad``, ``cls`` and ``mask``; all special ids come before all others.
        :param embeddings: initial word embeddings, *shape* ``(vocab_size, hidden_size)``, float32.
        """
        torch.manual_seed(config.seed)
        self.config, self.output, self.device = config, output, torch.device(device)
        n_held_out = max(len(tokens) // 200, config.batch_tokens)
        self.held_out = tokens[-n_held_out:]
        self.stream = TokenStream(tokens[:-n_held_out], config.seed)
        self.ids, self.vocab_size = special_ids, vocab_size
        self.model = BertForMaskedLM(
            BertConfig(
                vocab_size=vocab_size,
                hidden_size=config.hidden_size,
                num_hidden_layers=config.n_layers,
                num_attention_heads=config.n_heads,
                intermediate_size=config.intermediate_size,
                max_position_embeddings=config.max_positions,
                pad_token_id=special_ids["pad"],
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
                attn_implementation="eager",  # the CPU backward pass of the fused kernel is slower
            )
        ).to(self.device)
        tables = self.model.bert.embeddings
        tables.position_embeddings.weight.data.copy_(
            torch.from_numpy(sinusoidal_positions(config.max_positions, config.hidden_size))
        )
        for layer in self.model.bert.encoder.layer[: config.n_layers // 2]:
            attention = layer.attention.self
            look_at_neighbours(attention.query.weight, attention.key.weight, config.n_heads)
        if embeddings is not None:
            tables.word_embeddings.weight.data.copy_(torch.from_numpy(embeddings))
        tables.word_embeddings.weight.data[:, local_columns(config.hidden_size, config.n_heads)] = 0
        self.optimizer = MasterWeightsOptimizer(self.model, config.learning_rate, config.weight_decay)
        self.model.to(torch.bfloat16)
        self.optimizer.working = [p for p in self.model.parameters() if p.requires_grad]
        self.step, self.seconds, self.n_tokens_seen = 0, 0.0, 0
        if (output / CHECKPOINT).exists():
            self._resume()

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
        )

    @torch.no_grad()
    def held_out_loss(self) -> float:
        """Masked-language-model loss in nats on up to 64 fixed blocks that are never trained on."""
        n_tokens = self.config.short_tokens
        n_blocks = min(64, len(self.held_out) // (n_tokens - 1))
        blocks = TokenStream(self.held_out, 0).next_blocks(n_blocks, n_tokens, self.ids["cls"])
        batch = self._mask(blocks, np.random.default_rng(0))
        return pretraining_losses(self.model, batch, blocks, self.device).masked.item()

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
        before = time.monotonic()
        while self.seconds < budget:
            progress = self.seconds / budget
            long = progress >= 1 - self.config.long_share
            n_tokens = self.config.long_tokens if long else self.config.short_tokens
            n_blocks = max(1, self.config.batch_tokens // n_tokens)
            blocks = self.stream.next_blocks(n_blocks, n_tokens, self.ids["cls"])
            rng = np.random.default_rng((self.config.seed, self.step))
            losses = pretraining_losses(self.model, self._mask(blocks, rng), blocks, self.device)
            loss = losses.masked + self.config.bag_weight * losses.bag
            if not math.isfinite(loss.item()):
                raise FloatingPointError(f"the loss is {loss.item()} at step {self.step}; lower the learning rate")
            loss.backward()  # type: ignore[no-untyped-call]
            norms.append(self.optimizer.step(self.learning_rate(progress)))
            masked_losses.append(losses.masked.item())
            bag_losses.append(losses.bag.item())
            self.step += 1
            self.n_tokens_seen += blocks.size
            now = time.monotonic()
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


def load_tokens(corpus: list[str], tokenizer: Path, output: Path, seed: int) -> tuple[np.ndarray, int, dict[str, int]]:
    """Tokenise the corpus once and keep it beside the run.

    Paragraphs end with ``[SEP]``; documents follow each other in random order.

    :param corpus: arguments for :meth:`training.corpus.Source.parse`.
    :returns: flat token ids, *shape* ``(n_corpus_tokens,)``, uint16; the vocabulary's size; ids of pad, cls and mask.
    """
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    special_ids = {"pad": loaded.pad_token_id, "cls": loaded.cls_token_id, "mask": loaded.mask_token_id}
    output.mkdir(parents=True, exist_ok=True)
    loaded.save_pretrained(output)
    cache = output / "tokens.npy"
    if not cache.exists():
        documents = list(sample_documents([Source.parse(c) for c in corpus], seed))
        random.Random(seed).shuffle(documents)
        chunks: list[np.ndarray] = []
        for start in range(0, len(documents), 1000):
            paragraphs = [p for document in documents[start : start + 1000] for p in document]
            encoded = loaded.backend_tokenizer.encode_batch_fast(paragraphs, add_special_tokens=False)
            ids = [token for e in encoded for token in (*e.ids, loaded.sep_token_id)]
            chunks.append(np.asarray(ids, dtype=np.uint16))
        part = output / "tokens.part.npy"
        np.save(part, np.concatenate(chunks))
        part.replace(cache)
    return np.load(cache, mmap_mode="r"), len(loaded), special_ids
