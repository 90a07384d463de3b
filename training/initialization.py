"""Where pretraining starts: word2vec embeddings, sinusoidal positions, and heads that look at their neighbours.

Masked language modelling from noise stays on a long plateau until attention has found the neighbouring tokens. These
three starts skip it: half a minute of word2vec (Mikolov et al. 2013, the ``gensim`` library) for what tokens mean,
sines and cosines for where they stand (Vaswani et al. 2017), and attention that begins local, in the spirit of
mimetic initialisation (Trockman and Kolter 2023). All of it is trained further.
"""

from collections.abc import Iterator

import numpy as np
import torch
from gensim.models import Word2Vec

_BLOCK = 1000
_STANDARD_DEVIATION = 0.04  # twice BERT's initial spread, so that tokens outweigh positions at the start


class _Blocks:
    """Evenly spread blocks of the token array as sentences of strings; can be read several times."""

    def __init__(self, tokens: np.ndarray, n_tokens: int) -> None:
        self.tokens = tokens
        self.step = max(_BLOCK, len(tokens) * _BLOCK // max(n_tokens, 1))

    def __iter__(self) -> Iterator[list[str]]:
        for start in range(0, len(self.tokens), self.step):
            yield list(map(str, self.tokens[start : start + _BLOCK].tolist()))


def word2vec_embeddings(
    tokens: np.ndarray, vocab_size: int, size: int, seed: int = 0, n_tokens: int = 20_000_000
) -> np.ndarray:
    """Train word2vec (continuous bag of words, negative sampling) and scale it for a BERT embedding layer.

    :param tokens: flat token ids, *shape* ``(n_corpus_tokens,)``.
    :param n_tokens: train on about this many tokens.
    :returns: *shape* ``(vocab_size, size)``, float32; tokens that never occur get random vectors of the same spread.
    """
    model = Word2Vec(
        _Blocks(tokens, n_tokens),
        vector_size=size,
        window=5,
        min_count=1,
        sg=0,
        negative=5,
        sample=1e-4,
        alpha=0.05,
        epochs=1,
        workers=2,
        seed=seed,
    )
    embeddings = np.random.default_rng(seed).standard_normal((vocab_size, size)).astype(np.float32)
    known = [int(token) for token in model.wv.index_to_key]
    vectors = model.wv[model.wv.index_to_key]
    embeddings[known] = (vectors - vectors.mean(axis=0)) / vectors.std()
    scaled: np.ndarray = embeddings * np.float32(_STANDARD_DEVIATION)
    return scaled


def sinusoidal_positions(n_positions: int, size: int) -> np.ndarray:
    """Positions as sines and cosines (Vaswani et al. 2017), spread like the word embeddings, to be trained further.

    :returns: sines in the first half of the columns, cosines in the second, *shape* ``(n_positions, size)``, float32.
    """
    angles = np.arange(n_positions)[:, None] / 10_000 ** (np.arange(0, size, 2) / size)[None, :]
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :size]
    scaled: np.ndarray = (waves / waves.std() * _STANDARD_DEVIATION).astype(np.float32)
    return scaled


def local_columns(size: int, n_heads: int) -> torch.Tensor:
    """Columns that hold the sines and cosines by which :func:`look_at_neighbours` finds neighbours.

    Words must begin at zero there, or each token would attend to itself, the mask to masks.
    """
    n_frequencies = size // n_heads // 2
    return torch.cat([torch.arange(n_frequencies), torch.arange(n_frequencies) + size // 2])


@torch.no_grad()
def look_at_neighbours(
    query: torch.Tensor, key: torch.Tensor, n_heads: int, offsets: tuple[int, ...] = (-1, 1, -2, 2), peak: float = 6.0
) -> None:
    """Overwrite the first heads' query and key weights so that each attends around a fixed offset.

    Both project onto the highest frequencies of the sinusoidal positions, the query turned by the offset, so that
    their product is greatest where the key stands ``offset`` tokens from the query. The other heads stay as they are.

    :param query: weight of the query projection, *shape* ``(size, size)``, changed in place.
    :param key: weight of the key projection, likewise.
    :param peak: attention logit at the offset itself, for inputs that are half position, half word.
    """
    size = query.shape[0]
    head_size = size // n_heads
    n_frequencies = head_size // 2
    frequencies = 1 / 10_000 ** (torch.arange(0, size, 2)[:n_frequencies] / size)
    # A normalised input of half position has sines and cosines of amplitude 1: n_frequencies * scale² at the peak.
    scale = (peak * head_size**0.5 / n_frequencies) ** 0.5
    sine, cosine = local_columns(size, n_heads).chunk(2)
    for head, offset in enumerate(offsets[:n_heads]):
        rows = torch.arange(n_frequencies) + head * head_size
        turn_sin, turn_cos = torch.sin(frequencies * offset), torch.cos(frequencies * offset)
        for weight in (query, key):
            weight[head * head_size : (head + 1) * head_size] = 0
        key[rows, sine] = scale
        key[rows + n_frequencies, cosine] = scale
        query[rows, sine], query[rows, cosine] = scale * turn_cos, scale * turn_sin
        query[rows + n_frequencies, cosine], query[rows + n_frequencies, sine] = scale * turn_cos, -scale * turn_sin
