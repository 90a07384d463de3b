import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM

from tests.tiny import TINY_PRETRAINING, make_tokenizer, write_corpus
from training.data.schema import LabelledParagraph
from training.pretrain import PROGRESS, Pretraining
from training.replaced import ReplacedTokenDetection
from training.tokens import load_tokens


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, labelled: list[LabelledParagraph]):
    folder = tmp_path_factory.mktemp("pretrain")
    tokenizer = make_tokenizer(folder, labelled)
    return load_tokens([str(write_corpus(folder, labelled))], tokenizer, folder / "run", seed=0)


def start(prepared, folder: Path, hours: float, kind: type[Pretraining] = Pretraining) -> Pretraining:
    tokens, vocab_size, ids = prepared
    config = replace(TINY_PRETRAINING, hours=hours)
    return kind(config, np.asarray(tokens), folder, vocab_size=vocab_size, special_ids=ids)


def test_the_loss_falls_and_the_model_loads(prepared, tmp_path: Path) -> None:
    run = start(prepared, tmp_path, hours=12 / 3600)
    before = run.held_out_loss()
    run.run(report_seconds=1)
    assert run.held_out_loss() < before - 0.5
    assert json.loads((tmp_path / PROGRESS).read_text().splitlines()[-1])["step"] == run.step
    loaded = BertForMaskedLM.from_pretrained(tmp_path, dtype=torch.float32)
    assert loaded.config.vocab_size == prepared[1]


def test_a_run_goes_on_from_its_checkpoint(prepared, tmp_path: Path) -> None:
    first = start(prepared, tmp_path, hours=2 / 3600)
    first.run()
    second = start(prepared, tmp_path, hours=4 / 3600)
    assert (second.step, second.seconds, second.n_tokens_seen) == (first.step, first.seconds, first.n_tokens_seen)
    assert all(torch.equal(a, b) for a, b in zip(first.optimizer.masters, second.optimizer.masters, strict=True))
    assert second.held_out_loss() == pytest.approx(first.held_out_loss(), abs=1e-3)
    second.run()
    assert second.step > first.step


def test_replaced_token_detection_learns_and_its_encoder_loads(prepared, tmp_path: Path) -> None:
    run = start(prepared, tmp_path, hours=8 / 3600, kind=ReplacedTokenDetection)
    before = run.held_out_loss()
    run.run(report_seconds=1)
    assert run.held_out_loss() < before - 0.5
    encoder = BertForMaskedLM.from_pretrained(tmp_path, dtype=torch.float32).bert
    trained = run.model.bert.encoder.layer[0].attention.self.query.weight.float()
    assert torch.allclose(encoder.encoder.layer[0].attention.self.query.weight, trained, atol=1e-2)
