"""The waiting paragraphs of all requests, and the order in which they form batches."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from service.core.encode import EncodedParagraph

_LOOK_AHEAD = 64  # paragraphs looked at for batch-mates; more would cost more than it saves
_ALIKE = 1.25  # batch-mates differ at most this much in length, which bounds the padding
_ALIKE_TOKENS = 16  # or by so few tokens


@dataclass(frozen=True, eq=False)
class Entry:
    """One paragraph that waits.

    :ivar index: its place in its request.
    :ivar n_longest: tokens of its longest window.
    :ivar n_tokens: tokens of all its windows.
    """

    line: "Line"
    index: int
    paragraph: EncodedParagraph
    n_longest: int
    n_tokens: int


class Line:
    """The paragraphs of one request that still wait, in order."""

    def __init__(self, paragraphs: Sequence[EncodedParagraph]) -> None:
        self.entries: deque[Entry] = deque()
        for index, paragraph in enumerate(paragraphs):
            lengths = [len(window) for window in paragraph.windows]
            self.entries.append(Entry(self, index, paragraph, max(lengths), sum(lengths)))
        self.n_tokens = sum(entry.n_tokens for entry in self.entries)


class TokenQueue:
    """Requests take turns, so a long document does not keep a single paragraph waiting.

    A batch begins with the next paragraph of the request whose turn it is and takes others of like length with it, of
    any request, until the padded tokens reach the budget. For the same reason a request weighs at most a share of the
    queue's bound, however long it is. Not safe for threads by itself.
    """

    def __init__(self, batch_tokens: int, most_charged: int) -> None:
        """:param most_charged: tokens that one request is charged at most."""
        self._batch_tokens, self._most_charged = batch_tokens, most_charged
        self._lines: deque[Line] = deque()
        self.n_tokens = 0
        self.n_entries = 0
        self.n_charged = 0

    def __bool__(self) -> bool:
        return self.n_entries > 0

    def put(self, line: Line) -> None:
        """Add the paragraphs of one request."""
        if line.entries:
            self._lines.append(line)
            self._account(line, 0, line.n_tokens, len(line.entries))

    def remove(self, line: Line) -> None:
        """Drop what still waits of a request; nothing happens if nothing does."""
        if line.entries:
            self._lines.remove(line)
            self._account(line, line.n_tokens, 0, -len(line.entries))
            line.entries.clear()

    def take(self) -> list[Entry]:
        """Remove and return the next batch: at least one paragraph, which alone may exceed the budget.

        :raises IndexError: nothing waits.
        """
        line = self._lines.popleft()
        batch = [self._pick(line, line.entries[0])]
        if line.entries:
            self._lines.append(line)
        self._fill(batch)
        return batch

    def _pick(self, line: Line, entry: Entry) -> Entry:
        line.entries.remove(entry)
        self._account(line, line.n_tokens, line.n_tokens - entry.n_tokens, -1)
        return entry

    def _account(self, line: Line, before: int, after: int, n_entries: int) -> None:
        line.n_tokens = after
        self.n_tokens += after - before
        self.n_charged += min(after, self._most_charged) - min(before, self._most_charged)
        self.n_entries += n_entries

    def _fill(self, batch: list[Entry]) -> None:
        first = batch[0]
        n_longest, n_windows = first.n_longest, len(first.paragraph.windows)
        emptied = False
        for line, entry in list(self._next_entries()):
            low, high = sorted((entry.n_longest, first.n_longest))
            if high > max(low * _ALIKE, low + _ALIKE_TOKENS):
                continue
            longest, n = max(n_longest, entry.n_longest), n_windows + len(entry.paragraph.windows)
            if longest * n > self._batch_tokens:
                continue
            batch.append(self._pick(line, entry))
            n_longest, n_windows = longest, n
            emptied = emptied or not line.entries
        if emptied:
            self._lines = deque(line for line in self._lines if line.entries)

    def _next_entries(self) -> Iterator[tuple[Line, Entry]]:
        """The entries nearest to their turn, a bounded number of them."""
        return islice(((line, entry) for line in self._lines for entry in line.entries), _LOOK_AHEAD)
