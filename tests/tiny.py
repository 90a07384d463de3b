"""The whole training line in miniature: tokenizer, pretraining, fine-tuning and release in seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from service.core.encode import EncodingConfig
from service.core.text import normalize
from training.data.schema import LabelledParagraph
from training.finetune import FinetuneConfig, finetune
from training.pretrain import PretrainConfig, Pretraining
from training.release import ReleaseRequest, release
from training.tokenizer import save_tokenizer, train_tokenizer
from training.tokens import load_tokens

TINY_ENCODING = EncodingConfig(
    max_tokens=96, n_heading_tokens=12, n_before_tokens=12, n_after_tokens=12, n_overlap_tokens=8
)
TINY_PRETRAINING = PretrainConfig(
    hours=2 / 3600,
    hidden_size=32,
    n_layers=2,
    n_heads=2,
    intermediate_size=64,
    max_positions=128,
    short_tokens=32,
    long_tokens=64,
    batch_tokens=256,
)


def write_corpus(folder: Path, rows: list[LabelledParagraph]) -> Path:
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(row.text for row in rows), encoding="utf-8")
    return corpus


def write_rows(path: Path, rows: list[LabelledParagraph]) -> Path:
    path.write_text("".join(row.model_dump_json(exclude_none=True) + "\n" for row in rows), encoding="utf-8")
    return path


def make_tokenizer(folder: Path, rows: list[LabelledParagraph]) -> Path:
    target = folder / "tokenizer"
    tokenizer = train_tokenizer([normalize(row.text) for row in rows], vocab_size=2500, minimum_count=8)
    save_tokenizer(tokenizer, target, max_tokens=128)
    return target


def pretrain_tiny(folder: Path, rows: list[LabelledParagraph]) -> Path:
    run = folder / "pretrained"
    tokenizer = make_tokenizer(folder, rows)
    tokens, vocab_size, ids = load_tokens([str(write_corpus(folder, rows))], tokenizer, run, seed=0)
    Pretraining(TINY_PRETRAINING, np.asarray(tokens), run, vocab_size=vocab_size, special_ids=ids).run()
    return run


def make_tiny_model(folder: Path, rows: list[LabelledParagraph]) -> Path:
    chosen = rows[:160]
    train = write_rows(folder / "train.jsonl", chosen[:120])
    dev = write_rows(folder / "dev.jsonl", chosen[120:])
    config = FinetuneConfig(n_epochs=3, learning_rate=1e-3, bf16=False)
    finetune(pretrain_tiny(folder, rows), chosen[:120], chosen[120:], folder / "finetuned", config, TINY_ENCODING)
    target = folder / "model"
    request = ReleaseRequest(folder / "finetuned", target, "tiny", "0", [train], dev, TINY_ENCODING)
    release(
        replace(request, largest_int8_flip_share=0.5, largest_int8_f1_loss=0.5)
    )  # so little training leaves labels all but tied
    return target
