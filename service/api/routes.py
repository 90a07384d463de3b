"""The routes of the contract."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from service.api.batching import OverloadedError, StoppedError
from service.api.problems import Problem, too_large
from service.api.schemas import (
    ClassifyAnswer,
    ClassifyRequest,
    DocumentAnswer,
    DocumentRequest,
    LabelScore,
    ModelName,
    ParagraphAnswer,
    PredictRequest,
)
from service.core.bundle import Prediction
from service.core.encode import ParagraphInput
from service.core.errors import EmptyTextError, InputError
from service.core.labels import LABELS
from service.core.segment import segment
from service.outline import outline_answer

router = APIRouter()


def _state(request: Request) -> Any:
    state = getattr(request.app.state, "zhangfa", None)
    if state is None or not state.batcher.alive:
        raise Problem(503, "not-ready", "模型尚未就绪或正在关闭", {"Retry-After": "1"})
    return state


StateOption = Annotated[Any, Depends(_state)]


async def _predict(state: Any, paragraphs: Sequence[ParagraphInput]) -> list[Prediction]:
    """Bound, encode off the event loop, and queue."""
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
                    raise InputError(f"第 {index} 段为空:请提供至少一个可见字符") from error
            return encoded

        encoded = await asyncio.get_running_loop().run_in_executor(state.tokenizers, encode)
        metrics.tokenize_seconds.observe(time.perf_counter() - started)
        predictions: list[Prediction] = await state.batcher.predict(encoded)
        return predictions
    except OverloadedError as error:
        metrics.rejections.labels("overloaded").inc()
        raise Problem(429, "overloaded", f"服务繁忙({error}):请稍后重试", {"Retry-After": "1"}) from error
    except StoppedError as error:
        metrics.rejections.labels("not-ready").inc()
        raise Problem(503, "not-ready", "服务正在关闭", {"Retry-After": "1"}) from error
    except Problem:
        metrics.rejections.labels("too-large").inc()
        raise
    except InputError:
        metrics.rejections.labels("invalid-input").inc()
        raise


def _scores(pairs: Sequence[tuple[str, float]], top_k: int | None) -> list[LabelScore]:
    return [LabelScore(label=label, score=score) for label, score in pairs[:top_k]]


def _model_name(state: Any) -> ModelName:
    manifest = state.bundle.manifest
    return ModelName(name=manifest.name, version=manifest.version, taxonomy_version=manifest.taxonomy_version)


@router.post("/predict", summary="Hugging Face 形式的分类")
async def predict(body: PredictRequest, state: StateOption) -> list[LabelScore] | list[list[LabelScore]]:
    """一段文本返回一个列表;文本列表返回列表的列表,次序不变。"""
    texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
    predictions = await _predict(state, [ParagraphInput(text) for text in texts])
    answers = [_scores(p.raw_scores if body.raw_scores else p.scores, body.top_k) for p in predictions]
    return answers[0] if isinstance(body.inputs, str) else answers


@router.post("/v1/classify", summary="带上下文的段落分类")
async def classify(body: ClassifyRequest, state: StateOption) -> ClassifyAnswer:
    """逐段判定;每段可带标题和前后文。"""
    paragraphs = [ParagraphInput(p.text, tuple(p.headings), p.before, p.after) for p in body.paragraphs]
    predictions = await _predict(state, paragraphs)
    return ClassifyAnswer(
        model=_model_name(state),
        paragraphs=[
            ParagraphAnswer(
                id=asked.id,
                label=p.label,
                score=p.score,
                scores=_scores(p.scores, body.top_k),
                n_tokens=p.n_tokens,
                n_windows=p.n_windows,
                abstained=p.score < body.min_score,
            )
            for asked, p in zip(body.paragraphs, predictions, strict=True)
        ],
    )


@router.post("/v1/documents", summary="整篇文本")
async def documents(body: DocumentRequest, state: StateOption) -> DocumentAnswer:
    """切分并逐段判定一整篇文本。"""
    limit = state.settings.max_document_characters
    if len(body.text) > limit:
        state.metrics.rejections.labels("too-large").inc()
        raise too_large("文档字符数", limit)
    document = segment(body.text)
    if not document.paragraphs:
        raise EmptyTextError
    inputs = document.inputs()
    if body.title:
        inputs = [ParagraphInput(p.text, (body.title, *p.headings), p.before, p.after) for p in inputs]
    answer = outline_answer(document, await _predict(state, inputs))
    return DocumentAnswer(model=_model_name(state), title=body.title, **answer)


@router.get("/health/live", summary="进程是否活着")
async def live() -> dict[str, str]:
    """进程在应答即为活着。"""
    return {"status": "live"}


@router.get("/health/ready", summary="能否接受请求")
async def ready(_: StateOption) -> dict[str, str]:
    """模型已预热、推理线程在运行时返回 200,否则 503。"""
    return {"status": "ready"}


@router.get("/info", summary="模型、标签与上限")
async def info(state: StateOption) -> dict[str, Any]:
    """模型名称、版本、标签和各项上限。"""
    settings = state.settings
    limits = ("max_body_bytes", "max_paragraphs", "max_characters", "max_document_characters", "max_queued_tokens")
    return {
        "model": {**_model_name(state).model_dump(), "precision": state.bundle.precision},
        "max_tokens": state.bundle.manifest.encoding.max_tokens,
        "labels": [
            {"id": label.id, "zh": label.zh, "en": label.en, "definition": label.definition} for label in LABELS
        ],
        "limits": {name: getattr(settings, name) for name in limits},
    }


@router.get("/metrics", summary="Prometheus 指标")
async def metrics(state: StateOption) -> Response:
    """Prometheus 文本格式。"""
    return Response(state.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
