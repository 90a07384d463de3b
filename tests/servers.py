"""Starts the real server as a process on a real socket."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ZHANGFA = [sys.executable, "-m", "service.cli"]


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def serving(model: Path, **settings: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """A client of a fresh server that is ready."""
    port = free_port()
    environment = {
        **os.environ,
        "ZHANGFA_MODEL": str(model),
        **{f"ZHANGFA_{k.upper()}": v for k, v in settings.items()},
    }
    process = subprocess.Popen(
        [*ZHANGFA, "serve", "--port", str(port)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            deadline = time.monotonic() + 30
            while True:
                try:
                    if client.get("/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                assert process.poll() is None, process.communicate()[0].decode()
                assert time.monotonic() < deadline, "the server did not become ready"
                time.sleep(0.05)
            yield client, process
    finally:
        process.terminate()
        process.communicate(timeout=30)
