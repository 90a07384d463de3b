"""From a request's paragraphs to predictions: the state of the service, its bounds, and the queue."""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from service.api.batching import OverloadedError, StoppedError
from service.api.problems import Problem, too_large
from service.api.schemas import ModelName
from service.core.bundle import Prediction
from service.core.encode import EncodedParagraph, Encoder, ParagraphInput
from service.core.errors import EmptyTextError, InputError


def refusal(error: OverloadedError | StoppedError) -> Problem:
    """Why the batcher takes nothing, as an answer that says when to come back."""
    if isinstance(error, OverloadedError):
        return Problem(429, "overloaded", f"服务繁忙({error})：请稍后重试", {"Retry-After": "1"})
    return Problem(503, "not-ready", "模型尚未就绪或正在关闭", {"Retry-After": "1"})


def ready_state(request: Request) -> Any:
    """What the application works with.

    :raises Problem: 503 before the model is ready and during the shutdown.
    """
    state = getattr(request.app.state, "zhangfa", None)
    if state is None or not state.batcher.working:
        raise refusal(StoppedError())
    return state


async def _state(request: Request) -> Any:  # async, or FastAPI would call it in a thread
    return ready_state(request)


ReadyState = Annotated[Any, Depends(_state)]


@dataclass(frozen=True)
class Classified:
    """The predictions of a request, in the order asked, and what they cost.

    :ivar tokenize_seconds: tokenisation, off the event loop.
    :ivar queue_seconds: from queueing until the first batch began.
    :ivar inference_seconds: the longest batch that the request was part of.
    """

    predictions: list[Prediction]
    tokenize_seconds: float
    queue_seconds: float
    inference_seconds: float

    def headers(self) -> dict[str, str]:
        """Tokens of the paragraphs, without their context, and times (``Server-Timing``, W3C) in milliseconds."""
        times = (
            ("tokenize", self.tokenize_seconds),
            ("queue", self.queue_seconds),
            ("inference", self.inference_seconds),
        )
        return {
            "X-Tokens": str(sum(prediction.n_tokens for prediction in self.predictions)),
            "Server-Timing": ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in times),
        }


def _encode(
    encoder: Encoder, paragraphs: Sequence[ParagraphInput], unwanted: threading.Event
) -> tuple[list[EncodedParagraph], float]:
    """Encode all, unless nobody wants it any more, and measure the seconds."""
    started = time.perf_counter()
    encoded = []
    for index, paragraph in enumerate(paragraphs):
        if unwanted.is_set():
            break
        try:
            encoded.append(encoder.encode(paragraph))
        except EmptyTextError as error:
            raise InputError(f"第 {index} 段为空：请提供至少一个可见字符") from error
    return encoded, time.perf_counter() - started


async def classify_inputs(
    state: Any, paragraphs: Sequence[ParagraphInput], *, max_paragraphs: int | None
) -> Classified:
    """Bound, encode off the event loop, and queue.

    :param max_paragraphs: most paragraphs of the request, or ``None`` where something else bounds them.

    :raises Problem: 413 over a bound, 429 if the queue is full, 503 on shutdown.
    :raises InputError: a paragraph is empty; the message gives its number.
    :raises ModelError: a batch failed.
    """
    settings, metrics = state.settings, state.metrics
    if max_paragraphs is not None and len(paragraphs) > max_paragraphs:
        raise too_large("段落数", max_paragraphs)
    for index, paragraph in enumerate(paragraphs):
        if len(paragraph.text) > settings.max_characters:
            raise too_large(f"第 {index} 段的字符数", settings.max_characters)
    unwanted = threading.Event()
    try:
        encoded, tokenize_seconds = await asyncio.get_running_loop().run_in_executor(
            state.workers, _encode, state.bundle.encoder, paragraphs, unwanted
        )
        metrics.tokenize_seconds.observe(tokenize_seconds)
        answer = await state.batcher.predict(encoded)
    except (OverloadedError, StoppedError) as error:
        raise refusal(error) from error
    finally:
        unwanted.set()  # cancelling the wait does not stop the thread
    return Classified(answer.predictions, tokenize_seconds, answer.queue_seconds, answer.inference_seconds)


def model_name(state: Any) -> ModelName:
    """Which model answers."""
    manifest = state.bundle.manifest
    return ModelName(name=manifest.name, version=manifest.version, taxonomy_version=manifest.taxonomy_version)
