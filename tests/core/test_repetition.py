"""Repeated and nearly repeated paragraphs are found, and only those."""

from hypothesis import given
from hypothesis import strategies as st

from service.core.repetition import Repetition, find_repetitions

FIRST = "各村要在三月底前完成春耕物资储备,对缺种缺肥的农户逐户登记,由镇供销社统一调配,确保不误农时。"
OTHER = "今年以来,全镇新修渠道十二公里,改造低产田八百亩,粮食总产连续三年增长,群众得到了看得见的实惠。"


def test_a_copy_and_a_near_copy_point_to_the_first() -> None:
    near = FIRST.replace("三月底前", "四月初以前")
    repetitions = find_repetitions([FIRST, OTHER, FIRST, near])
    assert repetitions[:2] == [None, None]
    assert repetitions[2] is not None
    assert repetitions[3] is not None
    assert (repetitions[2].of, repetitions[2].likeness) == (0, 1.0)
    assert repetitions[3].of == 0
    assert 0.7 <= repetitions[3].likeness < 1


def test_short_lines_and_shared_phrases_are_no_repetition() -> None:
    assert (
        find_repetitions(["谢谢大家!", "谢谢大家!", FIRST, "各村要在三月底前完成春耕物资储备。" + OTHER]) == [None] * 4
    )


@given(st.lists(st.text("一二三四五六", min_size=12, max_size=40), min_size=1, max_size=8))
def test_every_text_repeats_itself(texts: list[str]) -> None:
    repetitions = find_repetitions([*texts, *texts])
    for i, repetition in enumerate(repetitions[len(texts) :]):
        assert repetition is not None
        assert repetition.likeness == 1.0
        assert repetition.of <= i


def test_one_sentence_many_times_does_not_take_its_square() -> None:
    found = find_repetitions(["要抓好春耕备耕,落实各项责任。"] * 20_000)
    assert found[0] is None
    assert found[-1] == Repetition(0, 1.0)
