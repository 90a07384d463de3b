"""Pure ASGI middleware: request id, access log without text, body bound, content type and key."""

import asyncio
import hmac
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.batching import StoppedError
from service.api.inference import refusal
from service.api.metrics import Metrics
from service.api.problems import Problem, internal, too_large

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_OPEN_PATHS = frozenset({"/", "/health/live", "/health/ready"})
_OPEN_FOLDER = "/web/"  # the page itself holds nothing to protect; it asks for the key
_UPLOAD_PATH = "/v1/documents"
INFERENCE_PATHS = frozenset({"/predict", "/v1/classify", _UPLOAD_PATH})
_FORM_OVERHEAD_BYTES = 10_000  # boundaries and field names around an uploaded file
_CLIENT_LEFT = 499  # no answer was sent; the number that nginx logs for it
_log = logging.getLogger("zhangfa.access")


_JSON, _UPLOAD = "application/json", "multipart/form-data"


def request_id(headers: Headers) -> str:
    """The id that the client gave, if it is fit for a log, or a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def has_key(headers: Headers, api_key: str) -> bool:
    """Whether the request carries the service's key, compared in constant time."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), api_key.encode())


def _media_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()


class _StalledError(Exception):
    """The client does not read its answers, and must not keep its place."""


class RequestContext:
    """Gives every answer an ``X-Request-ID``, counts and times it, and logs one JSON line without any text.

    An error that nobody expected is answered here, and so is a request that the shutdown cuts off.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, send_seconds: float) -> None:
        self.app, self.metrics, self.send_seconds = app, metrics, send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own_id = request_id(Headers(scope=scope))
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = own_id
            try:
                async with asyncio.timeout(self.send_seconds):
                    await send(message)
            except TimeoutError as error:
                raise _StalledError from error

        try:
            await self.app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            if not status:
                await refusal(StoppedError()).response()(scope, receive, send_with_id)
            raise
        except _StalledError:
            _log.warning("the client does not read its answer", extra={"request_id": own_id})
        except Exception as error:
            _log.exception("unexpected error", extra={"request_id": own_id, "error": type(error).__name__})
            if not status:
                await internal().response()(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            path = scope["path"] if scope["path"] in INFERENCE_PATHS else "unmatched"
            route = str(getattr(scope.get("route"), "path", path))
            self.metrics.count_request(route, status or _CLIENT_LEFT, seconds)
            line = {
                "request_id": own_id,
                "method": scope["method"],
                "route": route,
                "status": status or _CLIENT_LEFT,
                "milliseconds": round(seconds * 1000, 2),
            }
            _log.info("request", extra=line)


class Gate:
    """Refuses what must not reach a route: no key, or a body of the wrong type, too large or too slow."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        max_body_bytes: int,
        max_upload_bytes: int,
        max_held_bytes: int,
        body_seconds: float,
        api_key: str | None,
    ) -> None:
        self.app, self.metrics, self.api_key = app, metrics, api_key
        self.max_body_bytes, self.max_upload_bytes = max_body_bytes, max_upload_bytes
        self.max_held_bytes, self.n_held_bytes = max_held_bytes, 0
        self.body_seconds = body_seconds

    def _bound(self, scope: Scope) -> tuple[str, int, int]:
        """What is bounded, the bound that is named, and the bytes that the body may have."""
        if _media_type(scope) == _UPLOAD:
            return "上传文件的字节数", self.max_upload_bytes, self.max_upload_bytes + _FORM_OVERHEAD_BYTES
        return "请求体字节数", self.max_body_bytes, self.max_body_bytes

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        path = scope["path"]
        is_open = path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)
        if self.api_key is not None and not is_open and not has_key(headers, self.api_key):
            return Problem(
                401, "unauthenticated", "需要请求头 Authorization: Bearer <密钥>", {"WWW-Authenticate": "Bearer"}
            )
        if scope["method"] == "POST":
            media_type = _media_type(scope)
            allowed = (_JSON, _UPLOAD) if path == _UPLOAD_PATH else (_JSON,)
            if media_type not in allowed:
                expected = " 或 ".join(allowed)
                return Problem(415, "unsupported-type", f"请求体类型是 {media_type or '空'}，应为 {expected}")
        what, limit, n_allowed = self._bound(scope)
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > n_allowed:
            return too_large(what, limit)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if problem := self._refusal(scope):
            await self._refuse(problem, scope, receive, send)
            return
        if scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = bytearray()
        try:
            await self._answer(scope, body, receive, send)
        finally:
            self.n_held_bytes -= len(body)

    async def _answer(self, scope: Scope, body: bytearray, receive: Receive, send: Send) -> None:
        """Read the body and run the application, or refuse the body."""
        try:
            async with asyncio.timeout(self.body_seconds):  # a client that trickles its body must not stay for ever
                complete = await self._read(scope, body, receive)
        except TimeoutError:
            detail = f"请求体在 {self.body_seconds:g} 秒内没有发完：请重发，或请管理员调高上限"
            slow = Problem(408, "timeout", detail, {"Connection": "close"})
            await self._refuse(slow, scope, receive, send)
            return
        except Problem as problem:
            await self._refuse(problem, scope, receive, send)
            return
        if complete:
            await self._run_while_wanted(scope, bytes(body), receive, send)

    async def _run_while_wanted(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Run the application, and cancel it if the client leaves, so that its paragraphs cost nothing any more."""
        answering = asyncio.current_task()
        assert answering is not None
        leaving = asyncio.ensure_future(_disconnected(receive))
        leaving.add_done_callback(lambda done: done.cancelled() or answering.cancel())
        try:
            await self.app(scope, _replay(body), send)
        except asyncio.CancelledError:
            if leaving.cancelled() or not leaving.done():
                raise  # the server itself cancels
            answering.uncancel()
        finally:
            leaving.cancel()

    async def _read(self, scope: Scope, body: bytearray, receive: Receive) -> bool:
        """Fill ``body``; whether the client stayed to its end.

        :raises Problem: it is larger than allowed, since a chunked body has no length to refuse by, or the bodies of
            all requests together are.
        """
        what, limit, n_allowed = self._bound(scope)
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            body += chunk
            self.n_held_bytes += len(chunk)
            more = message.get("more_body", False)
            if len(body) > n_allowed:
                raise too_large(what, limit)
            if self.n_held_bytes > self.max_held_bytes:
                detail = f"各请求体的字节总数已达上限 {self.max_held_bytes}：请稍后重试"
                raise Problem(429, "overloaded", detail, {"Retry-After": "1"})
        return True

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        self.metrics.count_rejection(problem.code)
        await problem.response()(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _replay(body: bytes) -> Callable[[], Awaitable[Message]]:
    """A ``receive`` that gives the body read before, and then nothing more."""
    unread: list[bytes] = [body]

    async def replay() -> Message:
        if not unread:
            await asyncio.Event().wait()  # until the client leaves, which cancels it
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    return replay
