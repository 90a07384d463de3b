import pytest

from service.core.headings import heading_level, is_salutation


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第一部分 工作回顾", 1),
        ("一、提高认识", 2),
        ("（一）加强领导", 3),
        ("1、抓宣传", 4),
        ("(1)抓排查", 5),
        ("(一)加强领导。要成立专班,每周调度。", None),
        ("1.5万亩高标准农田", None),
        ("一、", None),
        ("今天的会议很重要", None),
    ],
)
def test_heading_levels(line: str, level: int | None) -> None:
    assert heading_level(line) == level


@pytest.mark.parametrize(
    ("line", "expected"), [("同志们:", True), ("各位代表：", True), ("各位同事，", True), ("希望大家努力:", False)]
)
def test_salutations(line: str, expected: bool) -> None:
    assert is_salutation(line) is expected
