"""Results of arms that were run with several seeds, kept in a file to which several processes may append."""

import json
import statistics
from pathlib import Path
from typing import Any


def record(path: Path, arm: str, macro_f1: list[float], **further: Any) -> None:
    """Append one arm.

    :param macro_f1: one for each seed.
    :param further: more figures; ``n_tokens_seen`` gets a column.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"arm": arm, "macro_f1": macro_f1, **further}, ensure_ascii=False) + "\n")


def table(path: Path) -> str:
    """Markdown, best first."""
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = ["| arm | macro-F1, mean | lowest to highest | seeds | tokens of pretraining |", "|---|---|---|---|---|"]
    for one in sorted(results, key=lambda one: -statistics.mean(one["macro_f1"])):
        scores = one["macro_f1"]
        seen = f"{one['n_tokens_seen'] / 1e6:.2f} M" if "n_tokens_seen" in one else ""
        spread = f"{min(scores):.3f} to {max(scores):.3f}"
        lines.append(f"| {one['arm']} | {statistics.mean(scores):.3f} | {spread} | {len(scores)} | {seen} |")
    return "\n".join(lines)
