"""Whole documents: text or an uploaded file in; paragraphs with their functions out, in the form asked for."""

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile

from service.api.bodies import body_schema, read_json
from service.api.inference import Classified, ReadyState, classify_inputs, model_name
from service.api.problems import Problem, too_large
from service.api.schemas import DocumentAnswer, DocumentRequest, WordRequest
from service.core.encode import ParagraphInput
from service.core.errors import EmptyTextError, InputError, TooLongError
from service.core.segment import Document, segment
from service.core.source import SourceText
from service.core.spans import Sentence, document_sentences, label_spans
from service.documents.limits import Limits
from service.documents.reader import read_document
from service.outline import outline_answer
from service.rendering import RENDERERS

router = APIRouter()

OutputFormat = Literal["json", "text", "markdown", "html"]
_MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FORM_FIELDS = frozenset({"file", "title", "sentences"})
_FORM_CHARSETS = frozenset({"utf-8", "utf8"})
_TRUE, _FALSE = ("true", "1", "on"), ("false", "0", "off", "")
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "txt、md、docx、html 或 pdf"},
            "title": {"type": "string", "maxLength": 300},
            "sentences": {"type": "boolean", "default": False},
        },
    }
}


@dataclass(frozen=True)
class _Asked:
    """A document to outline.

    :ivar taken_out: the text was taken out of a file, so the client does not have it.
    """

    source: SourceText
    title: str | None
    sentences: bool
    taken_out: bool


async def _asked(request: Request, state: Any) -> _Asked:
    settings = state.settings
    limits = Limits(settings.max_upload_bytes, settings.max_document_characters, settings.max_pages)
    in_thread = asyncio.get_running_loop().run_in_executor
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type == b"multipart/form-data":
        charset = options.get(b"charset", b"utf-8").decode("latin-1")
        if charset.lower() not in _FORM_CHARSETS:
            raise Problem(415, "unsupported-type", f"表单的字符集是 {charset}，应为 utf-8")
        async with request.form(max_files=1, max_fields=len(_FORM_FIELDS)) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(422, "invalid-input", "表单缺少文件：请用字段 file 上传")
            if unknown := sorted(set(form) - _FORM_FIELDS):
                raise Problem(422, "invalid-input", f"表单有不认识的字段：{'、'.join(unknown)}")
            sentences, title = str(form.get("sentences", "")).lower(), form.get("title")
            if sentences not in _TRUE + _FALSE:
                raise Problem(422, "invalid-input", "表单字段 sentences 应为 true 或 false")
            if isinstance(title, str) and len(title) > 300:
                raise Problem(422, "invalid-input", "表单字段 title 超过 300 字符")
            data, name = await file.read(), file.filename or ""
        if len(data) > settings.max_upload_bytes:
            raise too_large("上传文件的字节数", settings.max_upload_bytes)
        source = await in_thread(state.readers, lambda: read_document(data, name, limits=limits))
        return _Asked(source, title if isinstance(title, str) and title else None, sentences in _TRUE, True)
    body = await read_json(request, DocumentRequest)
    limits.check_characters(len(body.text))
    source = SourceText(body.text)
    if body.format != "txt":
        data = body.text.encode("utf-8", "surrogatepass")
        source = await in_thread(state.readers, lambda: read_document(data, "", body.format, limits))
    return _Asked(source, body.title, body.sentences, body.format != "txt")


@dataclass(frozen=True)
class _Cut:
    """A document in paragraphs, and its sentences where they are asked for.

    :ivar inputs: the paragraphs, then the sentences.
    """

    document: Document
    sentences: list[Sentence]
    inputs: list[ParagraphInput]


def _cut(asked: _Asked, limit: int) -> _Cut:
    """Cut into paragraphs and sentences, of which there are ``limit`` at most.

    :raises Problem: there are more.
    """
    document = segment(asked.source)
    if not document.paragraphs:
        raise EmptyTextError
    inputs = document.inputs()
    if asked.title:
        inputs = [ParagraphInput(p.text, (asked.title, *p.headings), p.before, p.after) for p in inputs]
    # One more than are allowed, and not all of however many there are.
    sentences = list(islice(document_sentences(document), limit + 1)) if asked.sentences else []
    if len(inputs) + len(sentences) > limit:
        raise too_large("文档的段数与句数之和" if asked.sentences else "文档的段数", limit)
    return _Cut(document, sentences, [*inputs, *(sentence.context for sentence in sentences)])


def _written(state: Any, asked: _Asked, cut: _Cut, classified: Classified, output: OutputFormat) -> str:
    """The answer in the form asked for."""
    n_paragraphs = len(cut.document.paragraphs)
    predictions = state.bundle.decode(classified.predictions[:n_paragraphs])
    judged = classified.predictions[n_paragraphs:]
    spans = None
    if asked.sentences:
        spans = label_spans(cut.sentences, judged, state.bundle.manifest.sentence_transitions)
    answer = outline_answer(cut.document, predictions, spans)
    if output != "json":
        return RENDERERS[output](answer)
    text = cut.document.text if asked.taken_out else None
    return DocumentAnswer(model=model_name(state), title=asked.title, text=text, **answer).model_dump_json()


@router.post(
    "/v1/documents",
    summary="整篇文本或文件",
    responses={200: {"model": DocumentAnswer}},
    openapi_extra=body_schema(DocumentRequest, **{"multipart/form-data": _FORM}),
)
async def documents(
    request: Request,
    state: ReadyState,
    output: Annotated[OutputFormat, Query(description="回答的形式")] = "json",
) -> Any:
    """切分并逐段判定：JSON 文本，或以表单字段 ``file`` 上传的文件。"""
    try:
        asked = await _asked(request, state)
    except TooLongError as error:
        raise too_large("文档字符数", state.settings.max_document_characters) from error
    in_thread = asyncio.get_running_loop().run_in_executor
    cut = await in_thread(state.workers, _cut, asked, state.settings.max_document_paragraphs)
    # In one piece, so that it is taken or refused as a whole.
    classified = await classify_inputs(state, cut.inputs, max_paragraphs=None)
    content = await in_thread(state.workers, _written, state, asked, cut, classified, output)
    return Response(content, headers=classified.headers(), media_type=_MEDIA_TYPES[output])


@router.post("/v1/exports/word", summary="导出 Word 文件", response_class=Response)
async def word(body: WordRequest, state: ReadyState) -> Response:
    """把(订正过的)段落排成 Word 文件：标题分级，段落按功能着色并标名。"""
    try:
        from service.word_rendering import render_word
    except ModuleNotFoundError as error:
        raise InputError("导出 Word 缺少组件：请安装 pip install 'zhangfa[documents]'") from error
    paragraphs = [paragraph.model_dump() for paragraph in body.paragraphs]
    if state.exports.locked():
        raise Problem(429, "overloaded", "同时导出的文件已达上限：请稍后重试", {"Retry-After": "1"})
    async with state.exports:
        data = await asyncio.get_running_loop().run_in_executor(
            state.writers, lambda: render_word(paragraphs, body.title)
        )
    return Response(data, media_type=_WORD, headers={"Content-Disposition": 'attachment; filename="zhangfa.docx"'})
