"""Admission and dynamic batching: the next batch forms while the cores are busy, without a timer."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from service.api.metrics import Metrics
from service.api.queue import Entry, Line, TokenQueue
from service.core.bundle import Bundle, Prediction
from service.core.encode import EncodedParagraph
from service.core.errors import ModelError

_SHARE_OF_ONE = 4  # one request fills at most this part of the queue's bound
_log = logging.getLogger("zhangfa.inference")


class OverloadedError(Exception):
    """The queue is full; try again later."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"排队的词元已达上限 {limit}")


class StoppedError(Exception):
    """The batcher takes no new work."""


class _Request(Line):
    """One request and what it waits for. The inference threads count down, and the last one wakes it."""

    def __init__(self, paragraphs: Sequence[EncodedParagraph]) -> None:
        super().__init__(paragraphs)
        self.loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.results: dict[int, Prediction] = {}
        self.n_open = len(paragraphs)
        self.failure: str | None = None
        self.queued_at = time.perf_counter()
        self.first_batch_at: float | None = None
        self.inference_seconds = 0.0

    def wake(self) -> None:
        """Let the request go on; from any thread."""
        with contextlib.suppress(RuntimeError):  # its event loop has closed, so nobody waits
            self.loop.call_soon_threadsafe(self.done.set)


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
    that is alone takes all cores. A failed batch fails its own requests only, and no failure ends a thread.
    """

    def __init__(self, bundle: Bundle, metrics: Metrics, max_queued_tokens: int) -> None:
        self._bundle, self._metrics = bundle, metrics
        self._max_queued_tokens = max_queued_tokens
        self._queue = TokenQueue(bundle.predictor.config.token_budget, max_queued_tokens // _SHARE_OF_ONE)
        self._changed = threading.Condition()
        self._n_busy = 0
        self._closed = False
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-{i}", daemon=True)
            for i in range(bundle.predictor.n_threads)
        ]

    def start(self) -> None:
        """Start the inference threads."""
        for thread in self._threads:
            thread.start()

    @property
    def working(self) -> bool:
        """Whether every inference thread does its part."""
        return not self._stopping and all(thread.is_alive() for thread in self._threads)

    @property
    def accepting(self) -> bool:
        """Whether new requests are taken, if there is room."""
        return self.working and not self._closed

    def close(self) -> None:
        """Take no new requests; those inside are still answered."""
        self._closed = True

    def stop(self) -> None:
        """Answer what is queued and end the threads."""
        with self._changed:
            self._closed = self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def check_admission(self) -> None:
        """Refuse before any work is done for a request.

        :raises OverloadedError: the queue is at its bound.
        :raises StoppedError: the service is shutting down, or an inference thread has died.
        """
        if not self.accepting:
            raise StoppedError
        self._check_room()

    def _check_room(self) -> None:
        if self._queue.n_charged >= self._max_queued_tokens:
            raise OverloadedError(self._max_queued_tokens)

    async def predict(self, encoded: Sequence[EncodedParagraph]) -> Answer:
        """Queue paragraphs and wait for all of them; a large request is split over batches.

        A request is taken whole if the queue is below its bound, however large the request is: its own bounds are its
        number of paragraphs and of characters. If the caller is cancelled, what still waits is dropped.

        :raises OverloadedError: the queue is at its bound; nothing was queued.
        :raises StoppedError: the service has shut down.
        :raises ModelError: a batch failed.
        """
        if not encoded:
            return Answer([], 0.0, 0.0)
        request = _Request(encoded)
        with self._changed:
            if not self.working:
                raise StoppedError
            self._check_room()
            self._queue.put(request)
            self._observe_queue()
            self._changed.notify(min(len(encoded), len(self._threads)))
        try:
            await request.done.wait()
        finally:
            if request.n_open:
                with self._changed:
                    self._queue.remove(request)
                    self._observe_queue()
        if request.failure is not None:
            raise ModelError(request.failure)
        predictions = [request.results[index] for index in range(len(encoded))]
        started = request.first_batch_at or request.queued_at
        return Answer(predictions, started - request.queued_at, request.inference_seconds)

    def _observe_queue(self) -> None:
        self._metrics.queued_tokens.set(self._queue.n_tokens)
        self._metrics.queued_paragraphs.set(self._queue.n_entries)

    def _next_batch(self) -> tuple[list[Entry], bool] | None:
        """Wait for work and take the next batch, and whether it is alone; ``None`` once stopped and empty."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return None
                self._changed.wait()
            batch = self._queue.take()
            self._observe_queue()
            alone = not self._queue and self._n_busy == 0
            self._n_busy += 1
            now = time.perf_counter()
            for entry in batch:
                request = _request(entry)
                request.first_batch_at = request.first_batch_at or now
            return batch, alone

    def _work(self) -> None:
        while (taken := self._next_batch()) is not None:
            batch, alone = taken
            started = time.perf_counter()
            try:
                results = self._bundle.predictions([entry.paragraph for entry in batch], alone=alone)
            except BaseException as error:  # the thread must outlive whatever a batch does
                _log.error("a batch failed", extra={"error": type(error).__name__, "n_paragraphs": len(batch)})
                self._metrics.failed_batches.inc()
                self._fail(batch, str(error) if isinstance(error, ModelError) else f"推理失败：{error}")
            else:
                self._settle(batch, results, time.perf_counter() - started)
                self._observe(batch, results, started)

    def _fail(self, batch: Sequence[Entry], message: str) -> None:
        """Fail every request of a batch, at once and as a whole."""
        with self._changed:
            self._n_busy -= 1
            requests = {_request(entry) for entry in batch}
            for request in requests:
                request.failure = message
                self._queue.remove(request)
            self._observe_queue()
        for request in requests:
            request.wake()

    def _settle(self, batch: Sequence[Entry], results: Sequence[Prediction], seconds: float) -> None:
        finished = []
        with self._changed:  # the threads count down the same requests
            self._n_busy -= 1
            for entry, result in zip(batch, results, strict=True):
                request = _request(entry)
                request.inference_seconds = max(request.inference_seconds, seconds)
                request.results[entry.index] = result
                request.n_open -= 1
                if request.n_open == 0:
                    finished.append(request)
        for request in finished:
            request.wake()

    def _observe(self, batch: Sequence[Entry], results: Sequence[Prediction], started: float) -> None:
        metrics = self._metrics
        metrics.inference_seconds.observe(time.perf_counter() - started)
        metrics.batch_paragraphs.observe(len(batch))
        metrics.batch_tokens.observe(sum(entry.n_tokens for entry in batch))
        for entry, result in zip(batch, results, strict=True):
            metrics.queue_seconds.observe(started - _request(entry).queued_at)
            metrics.labels.labels(result.label).inc()


def _request(entry: Entry) -> _Request:
    assert isinstance(entry.line, _Request)
    return entry.line
