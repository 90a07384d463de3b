"""Run the application with uvicorn."""

import logging
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from service.api.app import create_app
from service.api.logs import log_as_json
from service.settings import Settings

_log = logging.getLogger("zhangfa.server")


class _Server(uvicorn.Server):
    """Closes the queue at the signal itself, so that new requests on open connections are refused from then on."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        state = getattr(self._app.state, "zhangfa", None)
        if state is not None:
            state.batcher.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _log.info("stopping")  # not in the signal handler, which may have interrupted a write to the log
        await super().shutdown(sockets)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; running requests are answered first.

    :raises BundleError: the model directory cannot be used.
    """
    log_as_json(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here depends on the address of the client
        server_header=False,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    _Server(app, config).run()
