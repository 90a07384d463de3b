"""What the server adds to the model's own time, for one client that asks about one paragraph at a time.

    python -m benchmarks.overhead

Authored paragraphs over one kept-alive connection of a plain socket. The model's own time is what ``Server-Timing``
gives for inference; all the rest, tokenisation and the client included, counts as added. Prints milliseconds.
"""

import re
import socket
import statistics
import tempfile
import time
from pathlib import Path

import httptools

from benchmarks.compare import texts
from benchmarks.load import message
from benchmarks.servers import running, zhangfa
from service.core.runtime import available_cpus

_N_REQUESTS, _N_WARM_UP = 500, 50
_TIME = re.compile(rb"(\w+);dur=([\d.]+)")


class _Answer:
    """What the parser tells of one response."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"server-timing":
            self.times = {part.decode(): float(milliseconds) for part, milliseconds in _TIME.findall(value)}

    def on_message_complete(self) -> None:
        self.complete = True


def _ask(connection: socket.socket, request: bytes) -> tuple[float, dict[str, float]]:
    """Milliseconds from the first byte sent to the last one read, and the server's own times."""
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    started = time.perf_counter()
    connection.sendall(request)
    while not answer.complete:
        parser.feed_data(connection.recv(65536))
    milliseconds = (time.perf_counter() - started) * 1000
    if parser.get_status_code() != 200:
        raise SystemExit(f"the server answered {parser.get_status_code()}")
    return milliseconds, answer.times


def main() -> None:
    """Measure and print."""
    server = zhangfa()
    parts: dict[str, list[float]] = {"inference": [], "tokenize": [], "queue": [], "added": []}
    with tempfile.TemporaryDirectory() as logs, running(server, available_cpus(), Path(logs, "log")) as run:
        connection = socket.create_connection(("127.0.0.1", run.port))
        for number, text in enumerate(texts(_N_WARM_UP + _N_REQUESTS)):
            milliseconds, times = _ask(connection, message(server.path, server.request_body(text).encode()))
            if number >= _N_WARM_UP:
                times["added"] = milliseconds - times["inference"]
                for name, values in parts.items():
                    values.append(times[name])
    print(", ".join(f"{name} p50 {statistics.median(values):.2f}" for name, values in parts.items()))


if __name__ == "__main__":
    main()
