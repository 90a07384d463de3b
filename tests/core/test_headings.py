import pytest

from service.core.headings import heading_level, is_date, is_salutation, is_signature, opening_heading


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(一)管住火源。各村要把底数登记到户。", (3, "(一)管住火源。")),
        ("一、提高认识,加强领导。各级各部门要把这项工作摆上重要日程。", (2, "一、提高认识,加强领导。")),
        ("第二,要把责任压实。班子成员每人包一个村。", (6, "第二,要把责任压实。")),
        ("第一,统一思想", (6, "第一,统一思想")),
        ("三、主要做法:一是领导带头,每月下村不少于三次;二是群众参与,村里的事村民议。", (2, "三、主要做法:")),
        ("第三章 附则", (1, "第三章 附则")),
        ("1.今年全县共完成固定资产投资三十二亿元,同比增长百分之十一点五。明年要再加把劲。", None),
        ("一是抓落实。各村都要有人管。", None),
        ("今天开会。主要讲三点。", None),
    ],
)
def test_a_heading_that_opens_its_paragraph(text: str, expected: tuple[int, str] | None) -> None:
    assert opening_heading(text) == expected


@pytest.mark.parametrize("line", ["2024年3月5日", "二〇二四年三月五日", "(20xx年x月x日)", "二○二三年十二月", "3月5日"])
def test_dates(line: str) -> None:
    assert is_date(line)


@pytest.mark.parametrize("line", ["3月5日前完成", "2024年3月5日,全镇召开大会。", "今年", ""])
def test_what_is_no_date(line: str) -> None:
    assert not is_date(line)


def test_signatures() -> None:
    assert is_signature("中共石桥镇委员会")
    assert is_signature("述职人:王 ×")
    assert is_signature("李明", before_date=True)
    assert not is_signature("李明")
    assert not is_signature("谢谢大家!")
    assert not is_signature("让我们一起努力,建设好我们的学校")
