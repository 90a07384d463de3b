"""Admission before everything else: under overload the cores belong to the requests that were taken."""

import asyncio
import logging
import time
from collections import defaultdict

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.batching import OverloadedError, StoppedError
from service.api.inference import refusal
from service.api.metrics import Metrics
from service.api.middleware import INFERENCE_PATHS, has_key, request_id
from service.api.problems import Problem

_LOG_SECONDS = 1.0
_log = logging.getLogger("zhangfa.access")


class Admission:
    """Refuses inference requests that the service has no room for, before any of their work is done.

    A refusal is made of prepared bytes and is counted like any answer; the log names the refused requests of a second
    together. Several times the load that the model bears then costs the accepted requests little.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, max_open_requests: int, api_key: str | None) -> None:
        self.app, self.metrics, self.api_key = app, metrics, api_key
        self.max_open_requests = max_open_requests
        self.n_open = 0
        self._prepared: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}  # by what is said
        self._refused: dict[tuple[str, int], list[str]] = defaultdict(list)
        detail = f"同时处理的请求已达上限 {max_open_requests}：请稍后重试"
        self._full = Problem(429, "overloaded", detail, {"Retry-After": "1"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            self._log_refused()
            return
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in INFERENCE_PATHS:
            await self.app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem is not None and (self.api_key is None or has_key(Headers(scope=scope), self.api_key)):
            await self._refuse(problem, scope, send)
            return
        self.n_open += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.n_open -= 1

    def _problem(self, scope: Scope) -> Problem | None:
        if self.n_open >= self.max_open_requests:
            return self._full
        state = getattr(scope["app"].state, "zhangfa", None)
        try:
            if state is not None:
                state.batcher.check_admission()
        except (OverloadedError, StoppedError) as error:
            return refusal(error)
        return None

    async def _refuse(self, problem: Problem, scope: Scope, send: Send) -> None:
        started = time.perf_counter()
        if problem.detail not in self._prepared:
            response = problem.response()
            self._prepared[problem.detail] = response.raw_headers, bytes(response.body)
        headers, body = self._prepared[problem.detail]
        own_id = request_id(Headers(scope=scope))
        headers = [*headers, (b"x-request-id", own_id.encode())]
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self.metrics.count_rejection(problem.code)
        self.metrics.count_request(scope["path"], problem.status, time.perf_counter() - started)
        if not self._refused:
            asyncio.get_running_loop().call_later(_LOG_SECONDS, self._log_refused)
        self._refused[scope["path"], problem.status].append(own_id)

    def _log_refused(self) -> None:
        for (path, status), ids in self._refused.items():
            _log.info("refused", extra={"route": path, "status": status, "n_requests": len(ids), "request_ids": ids})
        self._refused.clear()
