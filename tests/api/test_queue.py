import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.queue import Entry, TokenQueue
from service.core.encode import EncodedParagraph, Window


def paragraph(*lengths: int) -> EncodedParagraph:
    windows = tuple(Window(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), n) for n in lengths)
    return EncodedParagraph(windows, sum(lengths))


def entries(owner: str, *lengths: int) -> list[Entry[str]]:
    return [Entry(paragraph(n), owner) for n in lengths]


def test_batch_mates_are_of_like_length_and_any_request() -> None:
    queue: TokenQueue[str] = TokenQueue(512)
    queue.put(entries("a", 100, 300))
    queue.put(entries("b", 110, 10))
    batch = queue.take()
    assert [(entry.owner, entry.n_longest) for entry in batch] == [("a", 100), ("b", 110)]


def test_requests_take_turns() -> None:
    queue: TokenQueue[str] = TokenQueue(512)
    queue.put(entries("long document", *[300] * 50))
    queue.put(entries("lone paragraph", 20))
    queue.take()
    assert [entry.owner for entry in queue.take()] == ["lone paragraph"]


def test_a_paragraph_longer_than_the_budget_goes_alone() -> None:
    queue: TokenQueue[str] = TokenQueue(512)
    queue.put([Entry(paragraph(384, 384, 384), "a"), *entries("a", 384)])
    assert [entry.n_tokens for entry in queue.take()] == [1152]
    assert [entry.n_tokens for entry in queue.take()] == [384]
    assert not queue
    assert queue.n_tokens == queue.n_entries == 0


def test_an_empty_queue_has_nothing_to_take() -> None:
    with pytest.raises(IndexError):
        TokenQueue(512).take()


@given(st.lists(st.lists(st.integers(3, 384), max_size=20), max_size=12), st.integers(384, 2000))
def test_every_paragraph_comes_out_once_within_the_budget(requests: list[list[int]], budget: int) -> None:
    queue: TokenQueue[str] = TokenQueue(budget)
    put = [entries(str(number), *lengths) for number, lengths in enumerate(requests)]
    for request in put:
        queue.put(request)
    taken = []
    while queue:
        batch = queue.take()
        lengths = [entry.n_longest for entry in batch]
        assert max(lengths) * len(lengths) <= budget
        assert max(lengths) <= max(lengths[0] * 1.25, lengths[0] + 16)
        assert lengths[0] <= max(min(lengths) * 1.25, min(lengths) + 16)
        taken += batch
    assert sorted(map(id, taken)) == sorted(id(entry) for request in put for entry in request)
    assert queue.n_tokens == queue.n_entries == 0
