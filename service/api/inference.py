"""From a request's paragraphs to predictions: the state of the service, its bounds, and the queue."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request

from service.api.batching import OverloadedError, StoppedError
from service.api.problems import Problem, too_large
from service.api.schemas import ModelName
from service.core.bundle import Prediction
from service.core.encode import ParagraphInput
from service.core.errors import EmptyTextError, InputError


def _ready_state(request: Request) -> Any:
    state = getattr(request.app.state, "zhangfa", None)
    if state is None or not state.batcher.alive:
        raise Problem(503, "not-ready", "模型尚未就绪或正在关闭", {"Retry-After": "1"})
    return state


StateOption = Annotated[Any, Depends(_ready_state)]


async def classify_inputs(state: Any, paragraphs: Sequence[ParagraphInput]) -> list[Prediction]:
    """Bound, encode off the event loop, and queue.

    :raises Problem: 413 over a bound, 429 if the queue is full, 503 on shutdown.
    :raises InputError: a paragraph is empty; the message gives its number.
    """
    settings, metrics = state.settings, state.metrics
    try:
        if len(paragraphs) > settings.max_paragraphs:
            raise too_large("段落数", settings.max_paragraphs)
        for index, paragraph in enumerate(paragraphs):
            if len(paragraph.text) > settings.max_characters:
                raise too_large(f"第 {index} 段的字符数", settings.max_characters)
        started = time.perf_counter()

        def encode() -> list[Any]:
            encoded = []
            for index, paragraph in enumerate(paragraphs):
                try:
                    encoded.append(state.bundle.encoder.encode(paragraph))
                except EmptyTextError as error:
                    raise InputError(f"第 {index} 段为空：请提供至少一个可见字符") from error
            return encoded

        encoded = await asyncio.get_running_loop().run_in_executor(state.tokenizers, encode)
        metrics.tokenize_seconds.observe(time.perf_counter() - started)
        predictions: list[Prediction] = await state.batcher.predict(encoded)
        return predictions
    except OverloadedError as error:
        metrics.rejections.labels("overloaded").inc()
        raise Problem(429, "overloaded", f"服务繁忙({error})：请稍后重试", {"Retry-After": "1"}) from error
    except StoppedError as error:
        metrics.rejections.labels("not-ready").inc()
        raise Problem(503, "not-ready", "服务正在关闭", {"Retry-After": "1"}) from error
    except Problem:
        metrics.rejections.labels("too-large").inc()
        raise
    except InputError:
        metrics.rejections.labels("invalid-input").inc()
        raise


def model_name(state: Any) -> ModelName:
    """Which model answers."""
    manifest = state.bundle.manifest
    return ModelName(name=manifest.name, version=manifest.version, taxonomy_version=manifest.taxonomy_version)
