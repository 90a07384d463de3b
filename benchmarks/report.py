"""The page and the chart of ``benchmarks/compare.py``, from its figures alone."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_INTRODUCTION = """# Performance

Made by `python -m benchmarks.compare --peers FOLDER` (`benchmarks/peers/install.sh` makes the folder): {n_threads}
cores, the load generator on the same cores, medians of {n_rounds} interleaved round(s) of {seconds:g} s a load. Every
server has the same weights; LitServe, mosec, BentoML and Zhangfa run the same int8 ONNX file in ONNX Runtime, the
pipeline and infinity run float32 in torch. Texts are {what}, one a request, alone and
without context. Latencies are milliseconds.
"""
_WHAT = "1,500 paragraphs of the authored set, headings and salutations included"


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:g}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _ratios(figures: dict[str, Any]) -> str:
    """What the figures say about Zhangfa, each as a ratio within the run."""
    found = figures["servers"]
    own = found["Zhangfa"]
    at_32 = {name: one["closed 32"]["throughput"] for name, one in found.items()}
    lines = []
    if "FastAPI + pipeline" in at_32:
        lines.append(f"{at_32['Zhangfa'] / at_32['FastAPI + pipeline']:.2f} times FastAPI with `pipeline`")
    same_file = [at_32[name] for name in ("LitServe", "mosec", "BentoML") if name in at_32]
    if same_file:
        lines.append(f"{at_32['Zhangfa'] / max(same_file):.2f} times the best of LitServe, mosec and BentoML")
    for name, limit in figures["limits"].items():
        lines.append(f"{at_32['Zhangfa'] / limit:.2f} of {name}")
    kept = own["open 3"]["throughput"] / own["capacity"]
    return (
        "\nAt 32 clients Zhangfa answers\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + f"\n\nAt 300% of its capacity it still answers {kept:.2f} of it; refusals come back in "
        f"{_cell(own['open 3']['refusal_p95'])} ms (p95). From one second after that load has stopped, one client sees "
        f"{_cell(own['recovery']['p50'])} ms (p50), against {_cell(own['closed 1']['p50'])} before.\n"
    )


def markdown(figures: dict[str, Any]) -> str:
    """The whole page."""
    found = figures["servers"]
    page = [_INTRODUCTION.format(what=_WHAT, **figures), _ratios(figures), "\n## Closed loop: answers a second\n\n"]
    clients = [key for key in next(iter(found.values())) if key.startswith("closed")]
    shares = [key for key in next(iter(found.values())) if key.startswith("open")]
    page.append(
        _table(
            ["server", *(key.replace("closed ", "") + " clients" for key in clients)],
            [[name, *(_cell(one[key]["throughput"]) for key in clients)] for name, one in found.items()],
        )
    )
    page.append("\n| without a server | texts a second |\n| --- | --- |\n")
    page += [f"| {name} | {value:g} |\n" for name, value in figures["limits"].items()]
    page.append("\n![answers a second](performance.png)\n\n## Latency, closed loop: p50 / p95 / p99\n\n")
    page.append(
        _table(
            ["server", *(key.replace("closed ", "") + " clients" for key in clients)],
            [
                [name, *(" / ".join(_cell(one[key][q]) for q in ("p50", "p95", "p99")) for key in clients)]
                for name, one in found.items()
            ],
        )
    )
    for share in shares:
        page.append(f"\n## Open loop at {float(share.split()[1]):.0%} of the server's own capacity\n\n")
        page.append(
            _table(
                ["server", "answers/s", "of capacity", "p50", "p95", "p99", "refused", "refusal p95", "errors"],
                [
                    [
                        name,
                        _cell(one[share]["throughput"]),
                        f"{one[share]['throughput'] / one['capacity']:.2f}",
                        *(_cell(one[share][q]) for q in ("p50", "p95", "p99", "n_refused", "refusal_p95", "n_errors")),
                    ]
                    for name, one in found.items()
                ],
            )
        )
    page.append("\n## Start and memory\n\nStart to first answer, and proportional set size of all processes.\n\n")
    page.append(
        _table(
            ["server", "ready s", "idle MB", "under load MB"],
            [
                [name, *(_cell(one[key]) for key in ("ready_seconds", "idle_mb", "memory_mb"))]
                for name, one in found.items()
            ],
        )
    )
    return "".join(page)


def draw(figures: dict[str, Any], picture: Path) -> None:
    """Answers a second by clients, a line for each server and for each limit."""
    plot, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, one in figures["servers"].items():
        keys = [key for key in one if key.startswith("closed")]
        axes.plot(
            [int(key.split()[1]) for key in keys],
            [one[key]["throughput"] for key in keys],
            marker="o",
            linewidth=3 if name == "Zhangfa" else 1.5,
            label=name,
        )
    for style, (name, value) in zip(("--", ":", "-."), figures["limits"].items(), strict=False):
        axes.axhline(value, color="grey", linestyle=style, linewidth=1, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 8, 32, 128], ["1", "8", "32", "128"])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("clients")
    axes.set_ylabel("answers a second")
    axes.legend(fontsize="small")
    plot.savefig(picture, dpi=120)
    plt.close(plot)
