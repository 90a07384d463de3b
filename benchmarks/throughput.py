"""Paragraphs a second of the embedded model, int8 beside float32, on the authored set with context.

    python benchmarks/throughput.py

The two take turns within one run, so the ratio holds when the machine's speed drifts; medians are printed.
"""

import statistics
import time

from service.core.bundle import Bundle, Precision
from service.core.encode import ParagraphInput
from service.core.runtime import RuntimeConfig, available_cpus
from service.settings import EMBEDDED_MODEL
from training.data.schema import AUTHORED_PARAGRAPHS, read_labelled
from training.dataset import examples

N_ROUNDS, N_PARAGRAPHS = 5, 256
PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")


def seconds(bundle: Bundle, inputs: list[ParagraphInput]) -> float:
    """Wall-clock seconds to encode and score."""
    started = time.perf_counter()
    bundle.classify(inputs)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print a table."""
    inputs = [item.paragraph for item in examples(read_labelled(AUTHORED_PARAGRAPHS))][:N_PARAGRAPHS]
    bundles = {p: Bundle.load(EMBEDDED_MODEL, p, RuntimeConfig()) for p in PRECISIONS}
    n_tokens = sum(len(w) for i in inputs for w in bundles["int8"].encoder.encode(i).windows)
    rounds = [{p: seconds(bundle, inputs) for p, bundle in bundles.items()} for _ in range(N_ROUNDS + 1)][1:]
    single = {p: statistics.median(seconds(b, inputs[i : i + 1]) for i in range(100)) for p, b in bundles.items()}
    print(
        f"{available_cpus()} threads, {len(inputs)} paragraphs, {n_tokens / len(inputs):.0f} tokens each with context"
    )
    for p in PRECISIONS:
        median = statistics.median(r[p] for r in rounds)
        print(f"{p}: {len(inputs) / median:.0f} paragraphs/s, one paragraph alone {single[p] * 1000:.1f} ms (median)")
    print(f"int8 is {statistics.median(r['fp32'] / r['int8'] for r in rounds):.2f} times as fast as fp32")


if __name__ == "__main__":
    main()
