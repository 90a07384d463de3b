"""The corpus as one flat array of token ids, and the blocks that pretraining draws from it."""

import random
from pathlib import Path

import numpy as np
from transformers import AutoTokenizer

from training.corpus import Source, sample_documents


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
