"""Errors as RFC 9457 problem JSON with a stable ``code``, mapped to a status in one place."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.api.metrics import Metrics
from service.core.errors import ModelError, ZhangfaError
from service.settings import MOST_PARAGRAPHS

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An error answer.

    :ivar status: HTTP status.
    :ivar code: stable identifier for programs.
    :ivar detail: what is wrong and how to mend it, in Chinese.
    :ivar headers: further response headers.
    """

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}

    def response(self, **extra: Any) -> JSONResponse:
        """The problem as an answer."""
        body = {
            "type": f"urn:zhangfa:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **extra,
        }
        return JSONResponse(body, self.status, self.headers, MEDIA_TYPE)


def too_large(what: str, limit: int) -> Problem:
    """413 that names the bound."""
    return Problem(413, "too-large", f"{what}超过上限 {limit}：请拆成几次请求，或请管理员调高上限")


_MOST_ERRORS = 20
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed"}


def _validation_problem(error: RequestValidationError) -> tuple[Problem, list[dict[str, str]]]:
    """The problem, and the fields that are wrong: the first of them, since a long list has as many errors."""
    errors = error.errors()
    if any(item["type"] == "json_invalid" for item in errors):
        return Problem(400, "malformed-json", "请求体不是合法的 JSON"), []
    if any(item["type"] == "too_long" and item["ctx"]["max_length"] == MOST_PARAGRAPHS for item in errors):
        return too_large("段落数", MOST_PARAGRAPHS), []
    fields = [
        {"field": ".".join(map(str, item["loc"][1:])) or "body", "message": item["msg"]}
        for item in errors[:_MOST_ERRORS]
    ]
    named = "、".join(item["field"] for item in fields)
    return Problem(422, "invalid-input", f"请求的字段不对：{named}"), fields


def install(app: FastAPI, metrics: Metrics) -> None:
    """Answer every error of the application as problem JSON, and count the refusals."""

    def answer(problem: Problem, **extra: Any) -> JSONResponse:
        metrics.count_rejection(problem.code)
        return problem.response(**extra)

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        problem, fields = _validation_problem(error)
        return answer(problem, **({"errors": fields} if fields else {}))

    @app.exception_handler(ModelError)
    async def _model(_: Request, error: ModelError) -> JSONResponse:
        return answer(Problem(500, error.code, str(error)))

    @app.exception_handler(ZhangfaError)
    async def _input(_: Request, error: ZhangfaError) -> JSONResponse:
        return answer(Problem(422, error.code, str(error)))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        code = _HTTP_CODES.get(error.status_code, "http-error")
        return answer(Problem(error.status_code, code, str(error.detail), dict(error.headers or {})))


def internal() -> Problem:
    """What is said of an error that nobody expected."""
    return Problem(500, "internal", "服务内部错误，已记入日志")
