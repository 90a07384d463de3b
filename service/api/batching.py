"""Admission and dynamic batching: the next batch forms while the model is busy, without a timer."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.api.metrics import Metrics
from service.core.bundle import Bundle, Prediction
from service.core.encode import EncodedParagraph
from service.core.errors import ModelError


class OverloadedError(Exception):
    """The queue is full; try again later."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"排队的词元已达上限 {limit}")


class StoppedError(Exception):
    """The batcher takes no new work."""


@dataclass
class _Entry:
    paragraph: EncodedParagraph
    future: "asyncio.Future[Prediction]"
    loop: asyncio.AbstractEventLoop
    n_tokens: int
    queued_at: float = field(default_factory=time.perf_counter)


def _settle(future: "asyncio.Future[Prediction]", result: Prediction | Exception) -> None:
    if future.done():  # the client has gone
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


class Batcher:
    """One inference thread over a bounded queue.

    A failed batch fails its own requests only; entries whose client has gone are dropped before they cost anything.
    """

    def __init__(self, bundle: Bundle, metrics: Metrics, max_queued_tokens: int, batch_tokens: int) -> None:
        self._bundle, self._metrics = bundle, metrics
        self._max_queued_tokens, self._batch_tokens = max_queued_tokens, batch_tokens
        self._entries: deque[_Entry] = deque()
        self._n_queued_tokens = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)

    def start(self) -> None:
        """Start the inference thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether work is taken and done."""
        return self._thread.is_alive() and not self._stopping

    def stop(self) -> None:
        """Take no new work, answer what is queued, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    async def predict(self, encoded: Sequence[EncodedParagraph]) -> list[Prediction]:
        """Queue paragraphs and wait for all of them; a large request is split over batches.

        :raises OverloadedError: the queue has no room for them; nothing was queued.
        :raises StoppedError: the service is shutting down.
        :raises ModelError: a batch failed.
        """
        loop = asyncio.get_running_loop()
        entries = [
            _Entry(paragraph, loop.create_future(), loop, sum(map(len, paragraph.windows))) for paragraph in encoded
        ]
        n_tokens = sum(entry.n_tokens for entry in entries)
        with self._changed:
            if not self.alive:
                raise StoppedError
            if self._entries and self._n_queued_tokens + n_tokens > self._max_queued_tokens:
                raise OverloadedError(self._max_queued_tokens)
            self._entries.extend(entries)
            self._n_queued_tokens += n_tokens
            self._metrics.queued_tokens.set(self._n_queued_tokens)
            self._changed.notify()
        try:
            return await asyncio.gather(*(entry.future for entry in entries))
        finally:
            for entry in entries:
                entry.future.cancel()

    def _next_batch(self) -> list[_Entry] | None:
        """Wait for work and take what fits one batch; ``None`` once stopped and empty."""
        with self._changed:
            while not self._entries:
                if self._stopping:
                    return None
                self._changed.wait()
            batch: list[_Entry] = []
            n_tokens = 0
            while self._entries and (not batch or n_tokens + self._entries[0].n_tokens <= self._batch_tokens):
                entry = self._entries.popleft()
                self._n_queued_tokens -= entry.n_tokens
                if not entry.future.done():
                    batch.append(entry)
                    n_tokens += entry.n_tokens
            self._metrics.queued_tokens.set(self._n_queued_tokens)
            return batch

    def _work(self) -> None:
        while (batch := self._next_batch()) is not None:
            if not batch:
                continue
            started = time.perf_counter()
            results: Sequence[Prediction | Exception]
            try:
                results = self._bundle.predictions([entry.paragraph for entry in batch])
            except Exception as error:  # the thread must outlive whatever a batch does
                failure = error if isinstance(error, ModelError) else ModelError(f"推理失败：{error}")
                results = [failure] * len(batch)
                self._metrics.failed_batches.inc()
            self._metrics.inference_seconds.observe(time.perf_counter() - started)
            self._metrics.batch_paragraphs.observe(len(batch))
            for entry, result in zip(batch, results, strict=True):
                self._metrics.queue_seconds.observe(started - entry.queued_at)
                if isinstance(result, Prediction):
                    self._metrics.labels.labels(result.label).inc()
                entry.loop.call_soon_threadsafe(_settle, entry.future, result)
