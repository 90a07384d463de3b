"""The waiting paragraphs of all requests, bounded, and the order in which they form batches."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from service.core.encode import EncodedParagraph

Owner = TypeVar("Owner")

_LOOK_AHEAD = 64  # requests looked at for batch-mates; more would cost more than it saves
_ALIKE = 1.25  # batch-mates differ at most this much in length, which bounds the padding
_ALIKE_TOKENS = 16  # or by so few tokens


@dataclass(eq=False)
class Entry(Generic[Owner]):
    """One paragraph that waits.

    :ivar owner: who asked for it; opaque here.
    :ivar n_longest: tokens of its longest window.
    :ivar n_tokens: tokens of all its windows.
    """

    paragraph: EncodedParagraph
    owner: Owner
    n_longest: int = field(init=False)
    n_tokens: int = field(init=False)

    def __post_init__(self) -> None:
        lengths = [len(window) for window in self.paragraph.windows]
        self.n_longest, self.n_tokens = max(lengths), sum(lengths)


class TokenQueue(Generic[Owner]):
    """Requests take turns, so a long document does not keep a single paragraph waiting.

    A batch begins with the next paragraph of the request whose turn it is and takes others of like length with it, of
    any request, until the padded tokens reach the budget. Not safe for threads by itself.
    """

    def __init__(self, batch_tokens: int) -> None:
        self.batch_tokens = batch_tokens
        self.n_tokens = 0
        self.n_entries = 0
        self._requests: deque[deque[Entry[Owner]]] = deque()

    def __bool__(self) -> bool:
        return self.n_entries > 0

    def put(self, entries: Sequence[Entry[Owner]]) -> None:
        """Add the paragraphs of one request."""
        if entries:
            self._requests.append(deque(entries))
            self.n_tokens += sum(entry.n_tokens for entry in entries)
            self.n_entries += len(entries)

    def take(self) -> list[Entry[Owner]]:
        """Remove and return the next batch: at least one paragraph.

        :raises IndexError: nothing waits.
        """
        request = self._requests.popleft()
        batch = [request.popleft()]
        if request:
            self._requests.append(request)
        self._fill(batch)
        self.n_tokens -= sum(entry.n_tokens for entry in batch)
        self.n_entries -= len(batch)
        return batch

    def _fill(self, batch: list[Entry[Owner]]) -> None:
        n_longest, n_windows = batch[0].n_longest, len(batch[0].paragraph.windows)
        emptied = False
        for request, entry in self._first_entries():
            low, high = sorted((entry.n_longest, batch[0].n_longest))
            if high > max(low * _ALIKE, low + _ALIKE_TOKENS):
                continue
            longest, n = max(n_longest, entry.n_longest), n_windows + len(entry.paragraph.windows)
            if longest * n > self.batch_tokens:
                continue
            request.remove(entry)
            batch.append(entry)
            n_longest, n_windows = longest, n
            emptied = emptied or not request
        if emptied:
            self._requests = deque(request for request in self._requests if request)

    def _first_entries(self) -> Iterator[tuple[deque[Entry[Owner]], Entry[Owner]]]:
        """The entries nearest to their turn, a bounded number of them."""
        n_left = _LOOK_AHEAD
        for request in list(self._requests):
            for entry in list(request)[:n_left]:
                yield request, entry
                n_left -= 1
            if not n_left:
                return
