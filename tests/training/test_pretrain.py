import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM

from tests.tiny import TINY_PRETRAINING, make_tokenizer, write_corpus
from training.corpus import Source, sample_documents
from training.data.schema import LabelledParagraph
from training.initialization import local_columns, look_at_neighbours, sinusoidal_positions, word2vec_embeddings
from training.pretrain import PROGRESS, Pretraining
from training.tokens import TokenStream, load_tokens


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, labelled: list[LabelledParagraph]):
    folder = tmp_path_factory.mktemp("pretrain")
    tokenizer = make_tokenizer(folder, labelled)
    return load_tokens([str(write_corpus(folder, labelled))], tokenizer, folder / "run", seed=0)


def start(prepared, folder: Path, hours: float) -> Pretraining:
    tokens, vocab_size, ids = prepared
    config = replace(TINY_PRETRAINING, hours=hours)
    return Pretraining(config, np.asarray(tokens), folder, vocab_size=vocab_size, special_ids=ids)


def test_the_loss_falls_and_the_model_loads(prepared, tmp_path: Path) -> None:
    run = start(prepared, tmp_path, hours=6 / 3600)
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


def test_a_stream_gives_every_block_once_an_epoch() -> None:
    stream = TokenStream(np.arange(10, 70), seed=0)
    blocks = np.concatenate([stream.next_blocks(2, 6, cls_id=1) for _ in range(6)])
    assert (blocks[:, 0] == 1).all()
    assert sorted(blocks[:, 1:].ravel().tolist()) == list(range(10, 70))
    assert stream.epoch == 0
    stream.next_blocks(1, 6, cls_id=1)
    assert stream.epoch == 1


def test_heads_begin_at_their_offsets() -> None:
    size, n_heads, n = 64, 2, 40
    query, key = torch.randn(size, size), torch.randn(size, size)
    look_at_neighbours(query, key, n_heads, offsets=(-1, 2))
    x = torch.from_numpy(sinusoidal_positions(n, size))
    x[:, local_columns(size, n_heads)] /= x.std()
    for head, offset in enumerate((-1, 2)):
        rows = slice(head * size // n_heads, (head + 1) * size // n_heads)
        best = ((x @ query[rows].T) @ (x @ key[rows].T).T).argmax(dim=1)
        inside = torch.arange(3, n - 3)
        assert torch.equal(best[inside], inside + offset)


def test_word2vec_covers_the_vocabulary() -> None:
    tokens = np.random.default_rng(0).integers(5, 50, 5000).astype(np.uint16)
    vectors = word2vec_embeddings(tokens, vocab_size=60, size=16)
    assert vectors.shape == (60, 16)
    assert vectors.std() == pytest.approx(0.04, rel=0.3)


def test_weights_repeat_and_thin_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"第{n}篇的正文,内容各不相同,足够长才会去重。" for n in range(100)), encoding="utf-8")
    assert len(list(sample_documents([Source(path, 3)]))) == 300
    assert 20 < len(list(sample_documents([Source(path, 0.5)]))) < 80
    assert len(list(sample_documents([Source(path), Source(path)]))) == 100


@pytest.mark.parametrize("argument", ["/no/such/folder", "{}=x", "{}=0"])
def test_a_bad_corpus_argument_is_named(tmp_path: Path, argument: str) -> None:
    with pytest.raises(ValueError, match="corpus"):
        Source.parse(argument.format(tmp_path))
