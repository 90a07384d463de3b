"""Score a stream of rows in order, with document context, so that a killed run can go on where it stopped."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from service.batch.records import Record, group_documents
from service.core.bundle import Bundle, Prediction
from service.core.segment import with_context

_ROWS_A_CHUNK = 256


@dataclass(frozen=True)
class ScoreOptions:
    """What the output holds.

    :ivar all_scores: add ``scores``, a probability for every label.
    """

    all_scores: bool = False


@dataclass
class ScoreSummary:
    """What a run did."""

    n_rows: int = 0
    n_failed: int = 0
    n_skipped: int = 0


def result_row(record: Record, prediction: Prediction | None, options: ScoreOptions) -> dict[str, Any]:
    """The output row: the input's fields and the label, or the id and the error."""
    if prediction is None:
        return {"id": record.fields.get("id", record.number), "error": record.error}
    row = {**record.fields, "label": prediction.label, "score": round(prediction.score, 6)}
    if options.all_scores:
        row["scores"] = {label: round(score, 6) for label, score in prediction.scores}
    if prediction.n_windows > 1:
        row["n_windows"] = prediction.n_windows
    return row


def _score_documents(bundle: Bundle, documents: Sequence[Sequence[Record]]) -> list[Prediction | None]:
    """Predictions of all rows in order; ``None`` for a row with an error, which is no context for others either."""
    good = [[record for record in document if record.error is None] for document in documents]
    inputs = [paragraph for document in good for paragraph in with_context([record.text for record in document])]
    judged = iter(bundle.classify(inputs))  # all at once, for batches of like length
    predictions: list[Prediction | None] = []
    for document, members in zip(documents, good, strict=True):
        together = iter(bundle.decode([next(judged) for _ in members]))
        predictions += [next(together) if record.error is None else None for record in document]
    return predictions


def score_records(
    bundle: Bundle, records: Iterable[Record], options: ScoreOptions, n_done: int = 0
) -> Iterator[tuple[Record, dict[str, Any]]]:
    """Yield each input record with its output row, in order.

    :param n_done: rows at the beginning that were written before; they still serve as context, and are not yielded.
    """
    chunk: list[list[Record]] = []
    n_seen = 0

    def flush() -> Iterator[tuple[Record, dict[str, Any]]]:
        rows = [record for document in chunk for record in document]
        first = n_seen - len(rows)
        for index, (record, prediction) in enumerate(zip(rows, _score_documents(bundle, chunk), strict=True)):
            if first + index >= n_done:
                yield record, result_row(record, prediction, options)

    for document in group_documents(records):
        n_seen += len(document)
        if n_seen <= n_done:
            continue
        chunk.append(document)
        if sum(map(len, chunk)) >= _ROWS_A_CHUNK:
            yield from flush()
            chunk = []
    yield from flush()


def part_file(output: Path) -> Path:
    """Where an unfinished run writes."""
    return output.with_name(output.name + ".part")


def whole_lines(part: Path) -> int:
    """Count the whole lines of an unfinished output and cut off a torn last one."""
    n_lines, end = 0, 0
    with part.open("rb+") as opened:
        for line in opened:
            if not line.endswith(b"\n"):
                break
            n_lines, end = n_lines + 1, end + len(line)
        opened.truncate(end)
    return n_lines


def write_scores(
    bundle: Bundle,
    records: Iterable[Record],
    out: TextIO,
    options: ScoreOptions,
    n_done: int = 0,
    progress: Callable[[ScoreSummary], None] = lambda _: None,
) -> ScoreSummary:
    """Write output rows as JSONL."""
    summary = ScoreSummary(n_skipped=n_done)
    for _, row in score_records(bundle, records, options, n_done):
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
        summary.n_rows += 1
        summary.n_failed += "error" in row
        if summary.n_rows % _ROWS_A_CHUNK == 0:
            out.flush()
            progress(summary)
    out.flush()
    progress(summary)
    return summary
