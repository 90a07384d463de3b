"""Zhangfa beside its peers on this machine: the same weights, threads and texts, one server at a time.

    python -m benchmarks.compare --peers FOLDER    # FOLDER as made by benchmarks/peers/install.sh

Closed loop at 1, 8, 32 and 128 clients, then open loop at shares of the server's own capacity (its best closed loop).
Rounds are interleaved, so that a drift of the machine's speed meets all servers; figures are medians over rounds.
Writes ``docs/performance.json`` and, from it, ``docs/performance.md`` and ``docs/performance.png``.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.limits import LIMITS
from benchmarks.load import Outcome, Plan, Result
from benchmarks.report import draw, markdown
from benchmarks.servers import Running, Server, running, servers
from service.core.runtime import available_cpus
from training.data.schema import AUTHORED_PARAGRAPHS, read_labelled

CLIENTS = (1, 8, 32, 128)
SHARES = (0.5, 0.9, 3.0)
N_TEXTS = 1500
_ROOT = Path(__file__).parent.parent
_DOCS = _ROOT / "docs"


def texts(n: int = N_TEXTS) -> list[str]:
    """Paragraphs of the authored set, drawn with a fixed seed: headings, salutations, long and short ones."""
    return [row.text for row in random.Random(0).sample(read_labelled(AUTHORED_PARAGRAPHS), n)]


def load(plan: Plan) -> Result:
    """Run a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    values = json.loads(done.stdout)
    return Result([Outcome(**outcome) for outcome in values["outcomes"]], values["seconds"])


def _quantile(values: list[float], share: float) -> float | None:
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000, 2) if values else None


def summary(result: Result) -> dict[str, Any]:
    """Throughput of good answers a second, latencies in milliseconds, refusals and errors."""
    good = [o.answered - o.due for o in result.outcomes if o.status == 200]
    refused = [o.answered - o.due for o in result.outcomes if o.status in (429, 503)]
    return {
        "throughput": round(len(good) / result.seconds, 1),
        "p50": _quantile(good, 0.5),
        "p95": _quantile(good, 0.95),
        "p99": _quantile(good, 0.99),
        "n_refused": len(refused),
        "refusal_p95": _quantile(refused, 0.95),
        "n_errors": len(result.outcomes) - len(good) - len(refused),
    }


def _measure(run: Running, bodies: list[str], seconds: float) -> dict[str, Any]:
    def plan(n_clients: int, rate: float = 0.0, length: float = seconds) -> Plan:
        return Plan(run.port, run.server.path, bodies, n_clients, length, rate)

    load(plan(4, length=seconds / 2))  # warm up
    measured: dict[str, Any] = {"ready_seconds": round(run.ready_seconds, 2), "idle_mb": round(run.memory_mb())}
    for n_clients in CLIENTS:
        measured[f"closed {n_clients}"] = summary(load(plan(n_clients)))
    capacity = max(measured[f"closed {n}"]["throughput"] for n in CLIENTS)
    measured["capacity"] = capacity
    for share in SHARES:
        measured[f"open {share:g}"] = summary(load(plan(0, rate=capacity * share)))
        measured["memory_mb"] = round(max(measured.get("memory_mb", 0), run.memory_mb()))
        if share > 1:
            after = load(plan(1, length=2.0))  # is it itself again within two seconds of the load's end?
            measured["recovery"] = summary(Result([o for o in after.outcomes if o.due > 1.0], 1.0))
    return measured


def _limit(name: str, chosen: list[str]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.limits", name],
        input=json.dumps(chosen),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    return len(chosen) / float(done.stdout)


def _median(rounds: list[Any]) -> Any:
    """Medians of nested figures over rounds."""
    if isinstance(rounds[0], dict):
        return {key: _median([one[key] for one in rounds]) for key in rounds[0]}
    known = [value for value in rounds if value is not None]
    return statistics.median(known) if known else None


def main(
    peers: Annotated[Path | None, typer.Option(help="Folder made by benchmarks/peers/install.sh.")] = None,
    n_rounds: int = 3,
    seconds: Annotated[float, typer.Option(help="Length of one load.")] = 4.0,
    only: Annotated[list[str], typer.Option(help="Name of a server; may be repeated.")] = [],  # noqa: B006
) -> None:
    """Measure and write the report."""
    n_threads = available_cpus()
    chosen = texts()
    asked: list[Server] = [s for s in servers(peers.absolute() if peers else None) if not only or s.name in only]
    found: dict[str, list[Any]] = defaultdict(list)
    limits: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as logs:
        for number in range(n_rounds):
            for name in LIMITS:
                limits[name].append(_limit(name, chosen))
            for server in asked:
                typer.echo(f"round {number + 1}: {server.name}", err=True)
                bodies = [server.request_body(text) for text in chosen]
                with running(server, n_threads, Path(logs, "server.log")) as run:
                    found[server.name].append(_measure(run, bodies, seconds))
    figures = {
        "n_threads": n_threads,
        "n_rounds": n_rounds,
        "seconds": seconds,
        "servers": {name: _median(rounds) for name, rounds in found.items()},
        "limits": {name: round(statistics.median(values), 1) for name, values in limits.items()},
    }
    _DOCS.joinpath("performance.json").write_text(json.dumps(figures, indent=1) + "\n")
    _DOCS.joinpath("performance.md").write_text(markdown(figures), encoding="utf-8")
    draw(figures, _DOCS / "performance.png")


if __name__ == "__main__":
    typer.run(main)
