"""Structured logs: one JSON object a line, never with any text of a request."""

import logging

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter


def log_as_json(level: str) -> None:
    """Send every logger's lines to standard error as JSON, with their local time and its offset, level and logger.

    :param level: name of the least level that the service itself writes; other libraries only warn.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn repeats its message in colour
            json_ensure_ascii=False,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("zhangfa", "uvicorn"):
        logging.getLogger(name).setLevel(level.upper())
    for name in ("trafilatura", "htmldate"):  # their messages hold parts of the pages they read
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
