"""Examples from sentences."""

import random

from service.core.encode import ParagraphInput
from training.data.mixed import MixedParagraph
from training.dataset import crop_to_sentences, sentence_examples

PARAGRAPH = ParagraphInput("成绩不小。问题不少。要抓紧改。", ("一、情况",), "前文。", "后文。")


def test_a_crop_is_a_run_of_sentences_with_its_neighbours() -> None:
    seen = set()
    for seed in range(40):
        crop = crop_to_sentences(PARAGRAPH, random.Random(seed))
        assert crop.text in PARAGRAPH.text
        assert crop.headings == PARAGRAPH.headings
        whole = "前文。" + PARAGRAPH.text + "后文。"
        assert crop.before + crop.text + crop.after in whole
        seen.add(crop.text)
    assert seen == {"成绩不小。", "问题不少。", "要抓紧改。", "成绩不小。问题不少。", "问题不少。要抓紧改。"}


def test_a_single_sentence_stays_whole() -> None:
    one = ParagraphInput("只有一句。")
    assert crop_to_sentences(one, random.Random(0)) == one


def test_each_sentence_of_a_mixed_paragraph_is_an_example() -> None:
    row = MixedParagraph(
        field="x", headings=["一、情况"], segments=[("summary", "完成了。很好。"), ("problem", "差得远。")]
    )
    items = sentence_examples([row])
    assert [(i.paragraph.text, i.label) for i in items] == [
        ("完成了。", "summary"),
        ("很好。", "summary"),
        ("差得远。", "problem"),
    ]
    assert (items[1].paragraph.before, items[1].paragraph.after) == ("完成了。", "差得远。")
    assert all(item.target.sum() == 1 for item in items)
