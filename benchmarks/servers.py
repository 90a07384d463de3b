"""Zhangfa and its peers as processes: how each is started, asked, and stopped, and what memory it takes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from service.settings import EMBEDDED_MODEL

_APPS = Path(__file__).parent / "peers"
_START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """How to start one server and what it expects.

    :ivar command: with ``{port}`` in place of the port.
    :ivar body: JSON body of a request, with ``TEXT`` in place of the text.
    """

    name: str
    command: tuple[str, ...]
    body: object
    path: str = "/predict"

    def request_body(self, text: str) -> str:
        """The JSON body that asks about a text."""
        return json.dumps(self.body, ensure_ascii=False).replace('"TEXT"', json.dumps(text, ensure_ascii=False))


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    server: Server
    port: int
    ready_seconds: float
    process: subprocess.Popen[bytes]

    def memory_mb(self) -> float:
        """Proportional set size of the process and all its children, in megabytes; shared pages are counted once."""
        total = 0
        for process in [parent := psutil.Process(self.process.pid), *parent.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total / 1e6


def zhangfa() -> Server:
    """The service of this environment."""
    program = shutil.which("zhangfa", path=Path(sys.executable).parent) or "zhangfa"
    return Server("Zhangfa", (program, "serve", "--port", "{port}"), {"inputs": "TEXT"})


def servers(peers: Path | None) -> list[Server]:
    """Zhangfa, the pipeline, and those peers whose virtual environments lie in ``peers``."""
    inputs = {"inputs": "TEXT"}
    found = [
        zhangfa(),
        Server("FastAPI + pipeline", (sys.executable, str(_APPS / "pipeline_app.py"), "{port}"), inputs),
    ]
    if peers is None:
        return found
    python = {name: peers / name / "bin" / "python" for name in ("litserve", "mosec", "bentoml", "infinity")}
    address = ("--address", "127.0.0.1", "--port", "{port}", "--timeout", "30000", "--capacity", "4096")
    bento = str(python["bentoml"].with_name("bentoml"))
    infinity = str(python["infinity"].with_name("infinity_emb"))
    candidates = {
        "litserve": Server("LitServe", (str(python["litserve"]), str(_APPS / "litserve_app.py"), "{port}"), inputs),
        "mosec": Server("mosec", (str(python["mosec"]), str(_APPS / "mosec_app.py"), *address), inputs),
        "bentoml": Server(
            "BentoML",
            (bento, "serve", "bentoml_app:Service", "--host", "127.0.0.1", "--port", "{port}"),
            {"inputs": ["TEXT"]},
        ),
        "infinity": Server(
            "infinity (torch)",
            (
                infinity, "v2", "--model-id", str(EMBEDDED_MODEL), "--served-model-name", "model", "--engine", "torch",
                "--device", "cpu", "--host", "127.0.0.1", "--port", "{port}", "--batch-size", "32",
                "--no-bettertransformer", "--no-compile", "--dtype", "float32",
            ),
            {"model": "model", "input": ["TEXT"]},
            "/classify",
        ),
    }  # fmt: skip
    return found + [server for name, server in candidates.items() if python[name].exists()]


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def _answers(server: Server, port: int) -> bool:
    body = server.request_body("同志们：").encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{server.path}", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@contextmanager
def running(server: Server, n_threads: int, log: Path) -> Iterator[Running]:
    """Start a server, wait for its first answer, and end it with all its children.

    :param log: file for its output.
    :raises RuntimeError: it ended or did not answer in two minutes; the message names the log.
    """
    port = _free_port()
    environment = {
        **os.environ,
        "BENCHMARK_MODEL": str(EMBEDDED_MODEL),
        "BENCHMARK_THREADS": str(n_threads),
        "ZHANGFA_THREADS": str(n_threads),
        "ZHANGFA_LOG_LEVEL": "warning",
        "OMP_NUM_THREADS": str(n_threads),
        "HF_HUB_OFFLINE": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    }
    with log.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            [part.format(port=port) for part in server.command],
            cwd=_APPS,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _answers(server, port):
                if process.poll() is not None or time.perf_counter() - started > _START_SECONDS:
                    raise RuntimeError(f"{server.name} did not start; see {log}")
                time.sleep(0.02)
            yield Running(server, port, time.perf_counter() - started, process)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process tree; some servers leave their children behind."""
    try:
        family = [parent := psutil.Process(process.pid), *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.terminate()
        except psutil.Error:
            continue
    for member in psutil.wait_procs(family, timeout=10)[1]:
        member.kill()
    process.wait(timeout=10)
