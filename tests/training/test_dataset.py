"""Examples from sentences."""

import random

from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from training.data.mixed import MixedParagraph
from training.data.schema import LabelledParagraph
from training.dataset import TrainingWindows, crop_to_sentences, examples, sentence_examples

PARAGRAPH = ParagraphInput("成绩不小。问题不少。要抓紧改。", ("一、情况",), "前文。", "后文。")


def test_a_crop_is_a_run_of_sentences_in_its_place() -> None:
    seen = set()
    for seed in range(40):
        crop = crop_to_sentences(PARAGRAPH, random.Random(seed))
        assert crop.text in PARAGRAPH.text
        assert (crop.headings, crop.before, crop.after) == (PARAGRAPH.headings, PARAGRAPH.before, PARAGRAPH.after)
        assert crop.preceding + crop.text + crop.following == PARAGRAPH.text
        seen.add(crop.text)
    assert seen == {"成绩不小。", "问题不少。", "要抓紧改。", "成绩不小。问题不少。", "问题不少。要抓紧改。"}


def test_a_single_sentence_stays_whole() -> None:
    one = ParagraphInput("只有一句。")
    assert crop_to_sentences(one, random.Random(0)) == one


def test_each_sentence_of_a_mixed_paragraph_is_an_example() -> None:
    row = MixedParagraph(
        field="x", headings=["一、情况"], segments=[("summary", "完成了。很好。"), ("problem", "差得远。")]
    )
    [items] = sentence_examples([], [row])
    assert [(i.paragraph.text, i.label) for i in items] == [
        ("完成了。", "summary"),
        ("很好。", "summary"),
        ("差得远。", "problem"),
    ]
    assert (items[1].paragraph.preceding, items[1].paragraph.following) == ("完成了。", "差得远。")
    assert all(item.target.sum() == 1 for item in items)


def test_the_sentences_of_a_labelled_paragraph_keep_its_context() -> None:
    texts = ["一、上半年", "开头。", "完成了。很好。差得远。", "结尾。"]
    rows = [LabelledParagraph(id=str(i), document="d", text=text, label="summary") for i, text in enumerate(texts)]
    rows[2] = rows[2].model_copy(update={"segments": [("summary", "完成了。很好。"), ("problem", "差得远。")]})
    [items] = sentence_examples(rows)
    assert [item.label for item in items] == ["summary", "summary", "problem"]
    assert {(item.paragraph.before, item.paragraph.after) for item in items} == {("开头。", "结尾。")}
    assert [item.paragraph.preceding for item in items] == ["", "完成了。", "完成了。很好。"]
    assert [item.paragraph.following for item in items] == ["很好。差得远。", "差得远。", ""]
    assert {item.paragraph.headings for item in items} == {("一、上半年",)}


def test_a_paragraph_that_mixes_functions_is_not_cropped(tiny: Bundle) -> None:
    text = "完成了。很好。差得远。"
    row = LabelledParagraph(id="0", document="d", text=text, label="summary", secondary="problem")
    one, mixed = examples([row.model_copy(update={"secondary": None})]), examples([row])
    for items, cropped in ((one, True), (mixed, False)):
        windows = TrainingWindows(items, tiny.encoder, drop_all=0, drop_part=0, seed=0, crop_share=1.0)
        assert windows[0]["window"].segments.any() == cropped  # marks the sentences that are asked for
