import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batch.records import group_documents, parse_record, read_records
from service.batch.scorer import ScoreOptions, score_records, whole_lines
from service.core.bundle import Bundle


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "不是合法的 JSON"),
        ("[1]", "应为 JSON 对象"),
        ('{"id": 1}', "缺少字符串字段 text"),
        ('{"text": 5}', "缺少字符串字段 text"),
        ('{"text": " "}', "为空"),
        (json.dumps({"text": "长" * 101}), "超过上限 100"),
    ],
)
def test_bad_rows_say_what_is_wrong(line: str, message: str) -> None:
    record = parse_record(7, line, max_characters=100)
    assert record.error is not None
    assert message in record.error
    assert "第 7 行" in record.error


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=30))
def test_grouping_keeps_order_and_splits_where_the_document_changes(documents: list[str | None]) -> None:
    lines = [json.dumps({"text": "好", **({"document": d} if d else {})}) for d in documents]
    groups = list(group_documents(read_records(lines, 100)))
    assert [r.number for g in groups for r in g] == list(range(1, len(lines) + 1))
    for group in groups:
        names = {r.fields.get("document") for r in group}
        assert len(names) == 1
        assert None not in names or len(group) == 1


def score(bundle: Bundle, lines: list[str], n_done: int = 0) -> list[dict]:
    return [row for _, row in score_records(bundle, read_records(lines, 10_000), ScoreOptions(), n_done)]


def test_going_on_gives_the_same_rows(tiny: Bundle, rows_file: Path) -> None:
    lines = rows_file.read_text(encoding="utf-8").splitlines()
    whole = score(tiny, lines)
    for n_done in (0, 1, 17, len(lines) - 1, len(lines)):
        assert score(tiny, lines, n_done) == whole[n_done:]


def test_neighbours_are_context_and_lone_rows_are_not(tiny: Bundle) -> None:
    text = "要坚持问题导向。"
    together = score(tiny, [json.dumps({"text": t, "document": "d"}) for t in ("存在三个问题。", text)])
    alone = score(tiny, [json.dumps({"text": t}) for t in ("存在三个问题。", text)])
    assert together[1]["score"] != alone[1]["score"]


def test_unknown_fields_pass_through_and_errors_keep_their_place(tiny: Bundle) -> None:
    rows = score(tiny, ['{"text": "好的。", "id": "a", "year": 2019}', '{"id": "b"}', '{"text": "散会。", "id": "c"}'])
    assert rows[0]["year"] == 2019
    assert set(rows[1]) == {"id", "error"}
    assert [row["id"] for row in rows] == ["a", "b", "c"]


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    part = tmp_path / "out.jsonl.part"
    part.write_bytes(b'{"a": 1}\n{"a": 2}\n{"a"')
    assert whole_lines(part) == 2
    assert part.read_bytes() == b'{"a": 1}\n{"a": 2}\n'
