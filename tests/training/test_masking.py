import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.masking import mask_spans

SPECIAL, VOCABULARY, MASK = 5, 100, 4


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(10, 64))
def test_targets_are_what_stood_there(seed: int, n_sequences: int, n_tokens: int) -> None:
    rng = np.random.default_rng(seed)
    tokens = rng.integers(SPECIAL, VOCABULARY, (n_sequences, n_tokens))
    tokens[:, 0] = 2
    batch = mask_spans(tokens, rng, mask_id=MASK, vocab_size=VOCABULARY, n_special=SPECIAL)
    assert batch.positions.shape == (n_sequences, int(n_tokens * 0.2))
    assert np.all(np.diff(batch.positions, axis=1) > 0)
    assert np.array_equal(np.take_along_axis(tokens, batch.positions, 1), batch.targets)
    assert np.all(batch.targets >= SPECIAL)
    untouched = np.ones_like(tokens, dtype=bool)
    np.put_along_axis(untouched, batch.positions, False, 1)
    assert np.array_equal(batch.inputs[untouched], tokens[untouched])


def test_hidden_tokens_come_in_spans_and_mostly_as_the_mask() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.integers(SPECIAL, VOCABULARY, (200, 128))
    batch = mask_spans(tokens, rng, mask_id=MASK, vocab_size=VOCABULARY, n_special=SPECIAL)
    shown = np.take_along_axis(batch.inputs, batch.positions, 1)
    assert (shown == MASK).mean() == pytest.approx(0.8, abs=0.02)
    neighbours = (np.diff(batch.positions, axis=1) == 1).mean()
    assert neighbours > 0.35  # chance alone gives about 0.2


def test_a_share_that_hides_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="hides none"):
        mask_spans(np.full((1, 3), 9), np.random.default_rng(0), mask_id=4, vocab_size=10, n_special=5)
