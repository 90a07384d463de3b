"""The application: loads the model, warms it up, and puts routes, errors and middleware together."""

import asyncio
import gc
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service import __version__
from service.api import documents, page, problems, routes
from service.api.admission import Admission
from service.api.batching import Batcher
from service.api.metrics import Metrics
from service.api.middleware import Gate, RequestContext
from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from service.core.runtime import RuntimeConfig
from service.settings import Settings

_MOST_EXPORTS = 4  # at a time; one is made, the others wait


@dataclass(frozen=True)
class State:
    """What the routes work with, in ``app.state.zhangfa``."""

    settings: Settings
    bundle: Bundle
    batcher: Batcher
    metrics: Metrics
    workers: ThreadPoolExecutor
    readers: ThreadPoolExecutor
    writers: ThreadPoolExecutor
    exports: asyncio.Semaphore


def create_app(settings: Settings) -> FastAPI:
    """Build the application.

    :raises BundleError: the model directory cannot be used; better at once than on the first request.
    """
    bundle = Bundle.load(
        settings.model,
        settings.precision,
        RuntimeConfig(settings.threads, settings.batch_tokens, settings.backend),
    )
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        batcher = Batcher(bundle, metrics, settings.max_queued_tokens)
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="work")  # tokenisation, outlines
        # One thread: PDFium is not safe for threads, and large files must not take the others' turn.
        readers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")
        writers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write")
        batcher.start()
        warm_up = [bundle.encoder.encode(ParagraphInput("同志们：今天的会议很重要。" * n)) for n in (1, 8, 40)]
        for paragraph in warm_up:
            await asyncio.to_thread(bundle.predictions, [paragraph])
        gc.collect()
        gc.freeze()  # or full collections would go through the whole program again, 15 ms in which nobody is answered
        app.state.zhangfa = State(
            settings, bundle, batcher, metrics, workers, readers, writers, asyncio.Semaphore(_MOST_EXPORTS)
        )
        try:
            yield
        finally:
            await asyncio.to_thread(batcher.stop)
            for executor in (workers, readers, writers):
                executor.shutdown(wait=False, cancel_futures=True)

    app = FastAPIOffline(  # its documentation page loads nothing from elsewhere
        title="Zhangfa 章法",
        version=__version__,
        description="判定中文公文每一段的修辞功能。",
        lifespan=lifespan,
    )
    problems.install(app, metrics)
    app.include_router(routes.router)
    app.include_router(documents.router)
    app.include_router(page.router)
    app.mount("/web", page.files())
    key = settings.api_key.get_secret_value() if settings.api_key else None
    app.add_middleware(
        Gate,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        max_held_bytes=settings.max_held_bytes,
        body_seconds=settings.body_seconds,
        api_key=key,
    )
    app.add_middleware(RequestContext, metrics=metrics, send_seconds=settings.body_seconds)
    app.add_middleware(Admission, metrics=metrics, max_open_requests=settings.max_open_requests, api_key=key)
    return app
