import numpy as np
import pytest
import torch

from training.initialization import local_columns, look_at_neighbours, sinusoidal_positions, word2vec_embeddings


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
