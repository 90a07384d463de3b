"""Span masking for the masked-language-model objective.

Whole groups of neighbouring tokens are hidden together, as in SpanBERT (Joshi et al. 2020), and a fixed number of
positions per sequence is predicted, so that only those rows pass through the output layer (Izsak et al. 2021).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MaskedBatch:
    """Input with hidden tokens, and the tokens that were hidden.

    :ivar inputs: *shape* ``(n_sequences, n_tokens)``, int64.
    :ivar positions: hidden positions, ascending in each row, *shape* ``(n_sequences, n_masked)``, int64.
    :ivar targets: tokens that stood there, *shape* ``(n_sequences, n_masked)``, int64.
    """

    inputs: np.ndarray
    positions: np.ndarray
    targets: np.ndarray


def mask_spans(
    tokens: np.ndarray,
    rng: np.random.Generator,
    *,
    mask_id: int,
    vocab_size: int,
    n_special: int,
    share: float = 0.2,
    mean_span: float = 1.8,
) -> MaskedBatch:
    """Hide ``share`` of each sequence in spans; of the hidden tokens 80% become the mask, 10% a random token.

    :param tokens: token ids whose first ``n_special`` ids are special tokens, *shape* ``(n_sequences, n_tokens)``.
    :param rng: source of chance.
    :param mean_span: mean length of a span in tokens.
    :raises ValueError: the share leaves no position to predict.
    """
    n_sequences, n_tokens = tokens.shape
    n_masked = int(n_tokens * share)
    if n_masked < 1:
        raise ValueError(f"a share of {share} of {n_tokens} tokens hides none")
    starts_span = rng.random((n_sequences, n_tokens)) < 1 / mean_span
    span: np.ndarray = np.cumsum(starts_span, axis=1, dtype=np.int64)
    priority = np.take_along_axis(rng.random((n_sequences, n_tokens + 1)), span, axis=1)
    priority[tokens < n_special] += 1  # special tokens are chosen last, so in practice never
    positions = np.sort(np.argsort(priority, axis=1, kind="stable")[:, :n_masked], axis=1)
    targets = np.take_along_axis(tokens, positions, axis=1).astype(np.int64)
    fate = rng.random(positions.shape)
    random_tokens = rng.integers(n_special, vocab_size, positions.shape)
    shown = np.where(fate < 0.8, mask_id, np.where(fate < 0.9, random_tokens, targets))
    inputs = tokens.astype(np.int64)
    np.put_along_axis(inputs, positions, shown, axis=1)
    return MaskedBatch(inputs, positions, targets)
