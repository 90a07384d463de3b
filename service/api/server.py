"""Run the application with uvicorn."""

import logging
import signal
from types import FrameType

import uvicorn

from service.api.app import create_app
from service.api.logs import log_as_json
from service.settings import Settings


class _Server(uvicorn.Server):
    """Tells the application about a signal at once, so that requests on open connections are refused from then on."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        state = getattr(self.config.app.state, "zhangfa", None)
        if state is not None:
            state.batcher.close()
        logging.getLogger("zhangfa.server").info("stopping", extra={"signal": signal.Signals(sig).name})
        super().handle_exit(sig, frame)


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
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    _Server(config).run()
