import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.core.text import normalize, normalize_with_origins

official = st.text(
    alphabet=st.sampled_from('同志们,,。::“”"《》()（）①㈠１2０xX  \t\u3000\u200b\ufeff一二、—－-…⼯é'), max_size=60
)


@given(st.text() | official)
@example("２０xx年 ， 全县 “三查四术” ① ")
def test_the_map_back_gives_the_same_text(text: str) -> None:
    assert normalize_with_origins(text).text == normalize(text)


@given(st.text() | official)
def test_origins_point_into_the_original_and_never_go_back(text: str) -> None:
    normal = normalize_with_origins(text)
    assert len(normal.origins) == len(normal.text)
    assert np.all(np.diff(normal.origins) >= 0)
    for index, character in enumerate(normal.text):
        start, end = normal.original_span(index, index + 1)
        assert character in normalize(text[start:end]) or character == " "


@given(official)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("同志们：", "同志们:"),
        ("（一）加强领导，", "(一)加强领导,"),
        ("“三个代表”「四个全面」", '"三个代表""四个全面"'),
        ("一、 提高 认识", "一、提高认识"),
        ("  2", "2"),
        ("GDP 增长 ８．５％", "gdp增长8.5%"),
        ("iPhone 15 发布", "iphone 15发布"),
        ("——在全县大会上", "--在全县大会上"),
        (" \u3000\u200b\ufeff", ""),
    ],
)
def test_known_forms(typed: str, seen: str) -> None:
    assert normalize(typed) == seen


def test_a_long_run_of_spaces_costs_no_more_than_its_length() -> None:
    text = "a" + " \t" * 250_000 + "b" + " " * 500_000 + "好"
    assert normalize(text) == normalize_with_origins(text).text == "a b好"


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(ValueError, match="3:3"):
        normalize_with_origins("同志们:大家好").original_span(3, 3)
