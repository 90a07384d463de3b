"""The measurement of sentence spans."""

import pytest

from service.core.bundle import Bundle
from service.core.labels import LABEL_IDS
from training.data.mixed import MixedParagraph, read_mixed
from training.span_accuracy import JudgedParagraph, character_accuracy, judge, whole_paragraph_accuracy

ROW = MixedParagraph(field="x", headings=[], segments=[("summary", "完成了。"), ("problem", "差得远。")])


def test_right_characters_are_counted() -> None:
    judged = [JudgedParagraph(ROW, ["summary"] * 4 + ["task"] * 4, "problem")]
    interval = character_accuracy(judged)
    assert interval.value == interval.low == interval.high == 0.5
    assert whole_paragraph_accuracy(judged) == 0.5


def test_every_character_is_judged(tiny: Bundle) -> None:
    [item] = judge(tiny, [ROW])
    assert len(item.spans) == len(ROW.text)
    assert set(item.spans) <= set(LABEL_IDS)


def test_the_authored_paragraphs_are_many_and_cover_the_taxonomy() -> None:
    rows = read_mixed()
    assert len(rows) >= 40
    assert {label for row in rows for label, _ in row.segments} >= set(LABEL_IDS) - {"other"}


def test_neighbours_of_one_label_are_refused() -> None:
    with pytest.raises(ValueError, match="join them"):
        MixedParagraph(field="x", headings=[], segments=[("summary", "一。"), ("summary", "二。")])
