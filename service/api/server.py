"""Run the application with uvicorn."""

import asyncio
import logging

import uvicorn

from service.api.app import create_app
from service.settings import Settings


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; running requests are answered first.

    :raises BundleError: the model directory cannot be used.
    """
    logging.basicConfig(level=settings.log_level.upper(), format="%(message)s")
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=30,
    )
    asyncio.run(uvicorn.Server(config).serve())
