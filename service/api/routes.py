"""The routes of the contract."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from service.api.batching import StoppedError
from service.api.bodies import body_schema, read_json
from service.api.inference import ReadyState, classify_inputs, model_name, ready_state, refusal
from service.api.schemas import (
    ClassifyAnswer,
    ClassifyRequest,
    LabelScore,
    ParagraphAnswer,
    PredictRequest,
)
from service.core.encode import ParagraphInput
from service.core.labels import LABELS

router = APIRouter()


def _scores(pairs: Sequence[tuple[str, float]], top_k: int | None) -> list[LabelScore]:
    return [LabelScore(label=label, score=score) for label, score in pairs[:top_k]]


@router.post(
    "/predict",
    summary="Hugging Face 形式的分类",
    responses={200: {"model": list[LabelScore] | list[list[LabelScore]]}},
    openapi_extra=body_schema(PredictRequest),
)
async def predict(request: Request) -> Response:
    """一段文本返回一个列表；文本列表返回列表的列表，次序不变。"""
    state, body = ready_state(request), await read_json(request, PredictRequest)
    texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
    classified = await classify_inputs(
        state, [ParagraphInput(text) for text in texts], max_paragraphs=state.settings.max_paragraphs
    )
    ranked = [p.raw_scores if body.raw_scores else p.scores for p in classified.predictions]
    answers = [[{"label": label, "score": score} for label, score in pairs[: body.top_k]] for pairs in ranked]
    # Written as it is: checking an answer that was just made would cost as much as a short paragraph's inference.
    content = to_json(answers[0] if isinstance(body.inputs, str) else answers)
    return Response(content, headers=classified.headers(), media_type="application/json")


@router.post(
    "/v1/classify",
    summary="带上下文的段落分类",
    responses={200: {"model": ClassifyAnswer}},
    openapi_extra=body_schema(ClassifyRequest),
)
async def classify(request: Request) -> Response:
    """逐段判定；每段可带标题和前后文。"""
    state, body = ready_state(request), await read_json(request, ClassifyRequest)
    paragraphs = [ParagraphInput(p.text, tuple(p.headings), p.before, p.after) for p in body.paragraphs]
    classified = await classify_inputs(state, paragraphs, max_paragraphs=state.settings.max_paragraphs)
    answer = ClassifyAnswer(
        model=model_name(state),
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
            for asked, p in zip(body.paragraphs, classified.predictions, strict=True)
        ],
    )
    return Response(answer.model_dump_json(), headers=classified.headers(), media_type="application/json")


@router.get("/health/live", summary="进程是否活着")
async def live() -> dict[str, str]:
    """进程在应答即为活着。"""
    return {"status": "live"}


@router.get("/health/ready", summary="能否接受请求")
async def ready(request: Request) -> dict[str, str]:
    """模型已预热、推理线程都在运行、也没有在停机时返回 200，否则 503。"""
    if not ready_state(request).batcher.accepting:
        raise refusal(StoppedError())
    return {"status": "ready"}


@router.get("/info", summary="模型、标签与上限")
async def info(state: ReadyState) -> dict[str, Any]:
    """模型名称、版本、标签和各项上限。"""
    settings = state.settings
    limits = (
        "max_body_bytes",
        "max_upload_bytes",
        "max_pages",
        "max_paragraphs",
        "max_characters",
        "max_document_characters",
        "max_document_paragraphs",
        "max_queued_tokens",
    )
    return {
        "model": {**model_name(state).model_dump(), "precision": state.bundle.precision},
        "max_tokens": state.bundle.manifest.encoding.max_tokens,
        "labels": [
            {"id": label.id, "zh": label.zh, "en": label.en, "definition": label.definition} for label in LABELS
        ],
        "limits": {name: getattr(settings, name) for name in limits},
    }


@router.get("/metrics", summary="Prometheus 指标")
async def metrics(request: Request) -> Response:
    """Prometheus 文本格式；推理线程出了问题也照样回答。"""
    return Response(
        request.app.state.zhangfa.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )
