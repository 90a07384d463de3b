from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.queue import Line, TokenQueue
from service.core.encode import EncodedParagraph, Window


def paragraph(*lengths: int) -> EncodedParagraph:
    windows = tuple(Window(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)) for n in lengths)
    return EncodedParagraph(windows, sum(lengths))


def line(*lengths: int) -> Line:
    return Line([paragraph(n) for n in lengths])


def queue_of(*lines: Line, batch_tokens: int = 512, most_charged: int = 1_000_000) -> TokenQueue:
    queue = TokenQueue(batch_tokens, most_charged)
    for one in lines:
        queue.put(one)
    return queue


def test_batch_mates_are_of_like_length_and_any_request() -> None:
    first, second = line(100, 300), line(110, 10)
    batch = queue_of(first, second).take()
    assert [(entry.line, entry.n_longest) for entry in batch] == [(first, 100), (second, 110)]


def test_requests_take_turns() -> None:
    long_document, lone_paragraph = line(*[300] * 50), line(20)
    queue = queue_of(long_document, lone_paragraph)
    queue.take()
    assert [entry.line for entry in queue.take()] == [lone_paragraph]


def test_a_paragraph_longer_than_the_budget_goes_alone() -> None:
    queue = queue_of(Line([paragraph(384, 384, 384)]), line(384))
    assert [entry.n_tokens for entry in queue.take()] == [1152]
    assert [entry.n_tokens for entry in queue.take()] == [384]
    assert not queue
    assert queue.n_tokens == queue.n_entries == queue.n_charged == 0


def test_a_large_request_is_charged_its_share_only() -> None:
    large = line(*[300] * 50)
    queue = queue_of(large, line(100), most_charged=1000)
    assert (queue.n_tokens, queue.n_charged) == (15_100, 1100)
    while queue.n_tokens > 700:
        queue.take()
    assert queue.n_charged == queue.n_tokens


def test_what_nobody_waits_for_is_dropped() -> None:
    leaving, staying = line(100, 200, 300), line(50)
    queue = queue_of(leaving, staying)
    queue.take()
    queue.remove(leaving)
    queue.remove(leaving)
    assert [entry.line for entry in queue.take()] == [staying]
    assert queue.n_tokens == queue.n_entries == queue.n_charged == 0


def test_an_empty_queue_has_nothing_to_take() -> None:
    with pytest.raises(IndexError):
        queue_of().take()


@given(st.lists(st.lists(st.integers(3, 384), max_size=20), max_size=12), st.integers(384, 2000), st.integers(1, 5000))
def test_every_paragraph_comes_out_once_within_the_budget(
    requests: list[list[int]], budget: int, most_charged: int
) -> None:
    lines = [line(*lengths) for lengths in requests]
    queue = queue_of(*lines, batch_tokens=budget, most_charged=most_charged)
    taken = Counter[tuple[int, int]]()
    while queue:
        assert queue.n_charged == sum(min(one.n_tokens, most_charged) for one in lines)
        assert queue.n_tokens == sum(one.n_tokens for one in lines)
        batch = queue.take()
        lengths = [entry.n_longest for entry in batch]
        assert max(lengths) * len(lengths) <= budget
        assert max(lengths) <= max(lengths[0] * 1.25, lengths[0] + 16)
        assert lengths[0] <= max(min(lengths) * 1.25, min(lengths) + 16)
        taken.update((lines.index(entry.line), entry.index) for entry in batch)
    assert taken == Counter((number, index) for number, one in enumerate(requests) for index in range(len(one)))
    assert queue.n_tokens == queue.n_entries == queue.n_charged == 0
