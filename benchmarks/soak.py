"""Memory of the server under texts of ever changing lengths.

    python -m benchmarks.soak [--minutes 10]

Eight clients send paragraphs, long and short, whole lists and repeated texts; the resident memory is read every ten
seconds. Prints the peak, and the peak of each fifth of the time: it must not climb.
"""

import json
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.compare import load, texts
from benchmarks.load import Plan
from benchmarks.servers import running, zhangfa
from service.core.runtime import available_cpus


def _bodies(n: int) -> list[str]:
    rng = random.Random(1)
    paragraphs = texts()
    bodies = []
    for _ in range(n):
        text = rng.choice(paragraphs)[: rng.randint(2, 600)] * rng.choice((1, 1, 1, 2, 5))
        several = [rng.choice(paragraphs) for _ in range(rng.randint(2, 20))]
        bodies.append(json.dumps({"inputs": several if rng.random() < 0.1 else text}, ensure_ascii=False))
    return bodies


def main(minutes: Annotated[float, typer.Option(help="How long to load the server.")] = 10.0) -> None:
    """Measure and print."""
    server = zhangfa()
    samples: list[float] = []
    with tempfile.TemporaryDirectory() as logs, running(server, available_cpus(), Path(logs, "log")) as run:
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(10):
                samples.append(run.memory_mb())

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        result = load(Plan(run.port, server.path, _bodies(5000), 8, minutes * 60))
        stop.set()
        watcher.join()
    statuses = {outcome.status for outcome in result.outcomes}
    typer.echo(f"{len(result.outcomes)} requests in {time.perf_counter() - started:.0f} s, statuses {sorted(statuses)}")
    fifths = [samples[len(samples) * i // 5 : len(samples) * (i + 1) // 5] for i in range(5)]
    typer.echo(f"peak {max(samples):.0f} MB; by fifths: " + ", ".join(f"{max(part):.0f}" for part in fifths if part))


if __name__ == "__main__":
    typer.run(main)
