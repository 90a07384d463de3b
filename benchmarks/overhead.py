"""What the server adds to the model's own time, for one client that asks about one paragraph at a time.

    python -m benchmarks.overhead

Authored paragraphs over one kept-alive connection. The model's own time is what ``Server-Timing`` gives for inference;
all the rest, tokenisation included, counts as added. Prints milliseconds.
"""

import http.client
import re
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.compare import texts
from benchmarks.servers import running, zhangfa
from service.core.runtime import available_cpus

_N_REQUESTS, _N_WARM_UP = 500, 50
_INFERENCE = re.compile(r"inference;dur=([\d.]+)")


def main() -> None:
    """Measure and print."""
    server = zhangfa()
    added, own = [], []
    with tempfile.TemporaryDirectory() as logs, running(server, available_cpus(), Path(logs, "log")) as run:
        connection = http.client.HTTPConnection("127.0.0.1", run.port)
        for number, text in enumerate(texts(_N_WARM_UP + _N_REQUESTS)):
            body = server.request_body(text).encode()
            started = time.perf_counter()
            connection.request("POST", server.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            milliseconds = (time.perf_counter() - started) * 1000
            found = _INFERENCE.search(response.headers["Server-Timing"])
            if response.status != 200 or found is None:
                raise SystemExit(f"the server answered {response.status}")
            if number >= _N_WARM_UP:
                own.append(float(found[1]))
                added.append(milliseconds - own[-1])
    cuts = statistics.quantiles(added, n=20)
    print(f"model p50 {statistics.median(own):.2f}, added p50 {statistics.median(added):.2f}, added p95 {cuts[-1]:.2f}")


if __name__ == "__main__":
    main()
