"""Admission and dynamic batching: the next batch forms while the cores are busy, without a timer."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.api.metrics import Metrics
from service.api.queue import Entry, TokenQueue
from service.core.bundle import Bundle, Prediction
from service.core.encode import EncodedParagraph
from service.core.errors import ModelError


class OverloadedError(Exception):
    """The queue is full; try again later."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"排队的词元已达上限 {limit}")


class StoppedError(Exception):
    """The batcher takes no new work."""


@dataclass(eq=False)
class _Request:
    """What one request waits for. Its worker threads count down, and the last one wakes it.

    :ivar gone: the client no longer waits, so its paragraphs are dropped before they cost anything.
    """

    loop: asyncio.AbstractEventLoop
    done: asyncio.Event
    results: list[Prediction | Exception | None]
    n_open: int
    queued_at: float = field(default_factory=time.perf_counter)
    queue_seconds: float = 0.0
    inference_seconds: float = 0.0
    gone: bool = False


@dataclass(frozen=True)
class _Place:
    """The place of a paragraph in its request."""

    request: _Request
    index: int


@dataclass(frozen=True)
class Answer:
    """The predictions of one request and where its time went.

    :ivar queue_seconds: from queueing until its first batch began.
    :ivar inference_seconds: the longest batch that it was part of.
    """

    predictions: list[Prediction]
    queue_seconds: float
    inference_seconds: float


class Batcher:
    """One inference thread for each core over a bounded queue.

    Threads that each run a batch of their own on one core do more than one that runs its batch on all of them; a batch
    that is alone takes all cores. A failed batch fails its own requests only.
    """

    def __init__(self, bundle: Bundle, metrics: Metrics, max_queued_tokens: int, batch_tokens: int) -> None:
        self._bundle, self._metrics = bundle, metrics
        self._max_queued_tokens = max_queued_tokens
        self._queue: TokenQueue[_Place] = TokenQueue(batch_tokens)
        self._changed = threading.Condition()
        self._n_busy = 0
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-{i}", daemon=True)
            for i in range(bundle.predictor.config.threads())
        ]

    def start(self) -> None:
        """Start the inference threads."""
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether work is taken and every thread does its part."""
        return not self._stopping and all(thread.is_alive() for thread in self._threads)

    @property
    def full(self) -> bool:
        """Whether the queue is at its bound, so that a new request would be refused."""
        return self._queue.n_tokens >= self._max_queued_tokens

    def close(self) -> None:
        """Take no new work; what is queued is still answered."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Take no new work, answer what is queued, and end the threads."""
        self.close()
        for thread in self._threads:
            thread.join()

    def check_admission(self) -> None:
        """Refuse before any work is done for a request.

        :raises OverloadedError: the queue is at its bound.
        :raises StoppedError: the service is shutting down, or an inference thread has died.
        """
        if not self.alive:
            raise StoppedError
        if self.full:
            raise OverloadedError(self._max_queued_tokens)

    async def predict(self, encoded: Sequence[EncodedParagraph]) -> Answer:
        """Queue paragraphs and wait for all of them; a large request is split over batches.

        A request is taken whole if the queue is below its bound, however large the request is: its own bounds are its
        number of paragraphs and of characters.

        :raises OverloadedError: the queue is at its bound; nothing was queued.
        :raises StoppedError: the service is shutting down.
        :raises ModelError: a batch failed.
        """
        if not encoded:
            return Answer([], 0.0, 0.0)
        request = _Request(asyncio.get_running_loop(), asyncio.Event(), [None] * len(encoded), len(encoded))
        entries = [Entry(paragraph, _Place(request, index)) for index, paragraph in enumerate(encoded)]
        with self._changed:
            self.check_admission()
            self._queue.put(entries)
            self._observe_queue()
            self._changed.notify(min(len(entries), len(self._threads)))
        try:
            await request.done.wait()
        finally:
            request.gone = True
        predictions = []
        for result in request.results:
            if not isinstance(result, Prediction):
                raise result or StoppedError()
            predictions.append(result)
        return Answer(predictions, request.queue_seconds, request.inference_seconds)

    def _observe_queue(self) -> None:
        self._metrics.queued_tokens.set(self._queue.n_tokens)
        self._metrics.queued_paragraphs.set(self._queue.n_entries)

    def _next_batch(self) -> tuple[list[Entry[_Place]], bool] | None:
        """Wait for work and take the next batch, and whether it is alone; ``None`` once stopped and empty."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return None
                self._changed.wait()
            batch = [entry for entry in self._queue.take() if not entry.owner.request.gone]
            self._observe_queue()
            alone = not self._queue and self._n_busy == 0
            self._n_busy += 1
            return batch, alone

    def _work(self) -> None:
        while (taken := self._next_batch()) is not None:
            batch, alone = taken
            try:
                if batch:
                    self._answer(batch, alone)
            finally:
                with self._changed:
                    self._n_busy -= 1

    def _answer(self, batch: list[Entry[_Place]], alone: bool) -> None:
        started = time.perf_counter()
        results: Sequence[Prediction | Exception]
        try:
            results = self._bundle.predictions([entry.paragraph for entry in batch], alone=alone)
        except Exception as error:  # the thread must outlive whatever a batch does
            failure = error if isinstance(error, ModelError) else ModelError(f"推理失败：{error}")
            results = [failure] * len(batch)
            self._metrics.failed_batches.inc()
        seconds = time.perf_counter() - started
        self._metrics.inference_seconds.observe(seconds)
        self._metrics.batch_paragraphs.observe(len(batch))
        self._metrics.batch_tokens.observe(sum(entry.n_tokens for entry in batch))
        finished = []
        with self._changed:  # the threads count down the same requests
            for entry, result in zip(batch, results, strict=True):
                request = entry.owner.request
                if request.n_open == len(request.results):
                    request.queue_seconds = started - request.queued_at
                request.inference_seconds = max(request.inference_seconds, seconds)
                request.results[entry.owner.index] = result
                request.n_open -= 1
                if request.n_open == 0:
                    finished.append(request)
        for entry, result in zip(batch, results, strict=True):
            self._metrics.queue_seconds.observe(started - entry.owner.request.queued_at)
            if isinstance(result, Prediction):
                self._metrics.labels.labels(result.label).inc()
        for request in finished:
            with contextlib.suppress(RuntimeError):  # its event loop has closed, so nobody waits
                request.loop.call_soon_threadsafe(request.done.set)
