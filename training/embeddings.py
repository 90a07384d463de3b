"""Where the embeddings start: word2vec (Mikolov et al. 2013, the ``gensim`` library) and sinusoidal positions.

Half a minute of word2vec gives the embeddings what the first tens of minutes of masked language modelling would.
"""

from collections.abc import Iterator

import numpy as np
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
    return embeddings * _STANDARD_DEVIATION


def sinusoidal_positions(n_positions: int, size: int) -> np.ndarray:
    """Positions as sines and cosines (Vaswani et al. 2017), spread like the word embeddings, to be trained further.

    Neighbouring positions are alike from the start, so attention to neighbours is learnt sooner than from noise.

    :returns: *shape* ``(n_positions, size)``, float32.
    """
    angles = np.arange(n_positions)[:, None] / 10_000 ** (np.arange(0, size, 2) / size)[None, :]
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :size]
    return (waves / waves.std() * _STANDARD_DEVIATION).astype(np.float32)
