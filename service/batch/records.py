"""Rows of a JSONL file, read one at a time and grouped into documents."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from service.core.text import normalize


@dataclass(frozen=True)
class Record:
    """One input row.

    :ivar number: line number, from 1.
    :ivar fields: the row as parsed; empty when it is no JSON object.
    :ivar error: why the row cannot be scored, or ``None``.
    """

    number: int
    fields: dict[str, Any]
    error: str | None = None

    @property
    def text(self) -> str:
        """The paragraph; only for rows without an error."""
        return str(self.fields["text"])


def parse_record(number: int, line: str, max_characters: int) -> Record:
    """Parse one line; a bad one becomes a record with an error that names the mend."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        return Record(number, {}, f"第 {number} 行不是合法的 JSON:{error}")
    if not isinstance(fields, dict):
        return Record(number, {}, f'第 {number} 行应为 JSON 对象，例如 {{"text": "…"}}')
    text = fields.get("text")
    if not isinstance(text, str):
        return Record(number, fields, f"第 {number} 行缺少字符串字段 text")
    if len(text) > max_characters:
        return Record(number, fields, f"第 {number} 行有 {len(text)} 个字符，超过上限 {max_characters}：请拆成段落")
    if not normalize(text):
        return Record(number, fields, f"第 {number} 行的 text 为空：请提供至少一个可见字符")
    return Record(number, fields)


def read_records(lines: Iterable[str], max_characters: int) -> Iterator[Record]:
    """Parse the non-empty lines of a JSONL stream."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield parse_record(number, line, max_characters)


def group_documents(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Group consecutive rows with the same ``document``; a row without one stands alone."""

    def key(record: Record) -> tuple[str, object]:
        document = record.fields.get("document")
        return ("alone", record.number) if document is None else ("document", json.dumps(document, sort_keys=True))

    for _, group in groupby(records, key=key):
        yield list(group)
