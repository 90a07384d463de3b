from hypothesis import given
from hypothesis import strategies as st

from service.core.segment import segment, with_context
from service.core.source import SourceText
from service.core.text import normalize

SPEECH = """在全县安全生产会议上的讲话

同志们:
  今天开会,讲两点意见。
一、认清形势
形势不容乐观。
(一)隐患还多
有三处尾矿库没有验收。
二、抓好落实
明天起开展排查。
"""


@given(st.text(alphabet=st.sampled_from("同志们:一、(二)好\r\n \u2028\u3000a"), max_size=80))
def test_offsets_reconstruct_the_paragraphs(text: str) -> None:
    document = segment(text)
    end = 0
    for index, paragraph in enumerate(document.paragraphs):
        assert paragraph.index == index
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.start >= end
        end = paragraph.end
    kept = "".join(normalize(p.text) for p in document.paragraphs)
    assert kept.replace(" ", "") == normalize(text).replace(" ", "")


def test_every_paragraph_knows_its_section() -> None:
    sections = {p.text: p.section for p in segment(SPEECH).paragraphs}
    title = "在全县安全生产会议上的讲话"
    assert sections["今天开会,讲两点意见。"] == (title,)
    assert sections["形势不容乐观。"] == (title, "一、认清形势")
    assert sections["有三处尾矿库没有验收。"] == (title, "一、认清形势", "(一)隐患还多")
    assert sections["明天起开展排查。"] == (title, "二、抓好落实")
    assert sections["二、抓好落实"] == (title,)


def test_roles() -> None:
    assert [p.role for p in segment(SPEECH).paragraphs][:4] == ["heading", "salutation", "body", "heading"]


def test_context_is_the_neighbours_and_the_headings() -> None:
    first, second, third = with_context(["一、认清形势", "形势不容乐观。", "任务很重。"])
    assert (first.headings, first.before, first.after) == ((), "", "形势不容乐观。")
    assert (second.headings, second.before, second.after) == (("一、认清形势",), "一、认清形势", "任务很重。")
    assert (third.before, third.after) == ("形势不容乐观。", "")


def test_invisible_text_has_no_paragraphs() -> None:
    assert segment(" \n\u200b\n\u3000").paragraphs == ()


PAGE = """手机阅读
安全会议讲话稿(通用3篇)
2023-11-20 21:57:47    小编:abc
安全是永恒的话题,下面是为大家准备的文章。
安全会议讲话稿篇一
同志们:
刚才大家听取了一个实事求是的。

工作报告。

我完全赞同,请大家抓好落实。
一、看清形势
形势不容乐观。
1
页,当前第。
安全会议讲话稿篇二
同志们:
一季度事故多发。
一要排查。
二要整改。
大家辛苦了。
同志们:
最后强调一点。
您可能关注的文档
"""


def test_collection_page_is_divided_into_its_speeches() -> None:
    paragraphs = segment(PAGE).paragraphs
    spoken = [(p.part, p.text) for p in paragraphs if p.role != "noise"]
    assert [text for part, text in spoken if part == 0][-1] == "形势不容乐观。"
    assert [part for part, text in spoken if text == "同志们:"] == [0, 1, 2]
    assert all(part is not None for part, _ in spoken)
    noise = [p for p in paragraphs if p.role == "noise"]
    assert [p.text for p in noise][-1] == "您可能关注的文档"
    assert all(p.part is None and p.section == () for p in noise)
    assert "安全是永恒的话题,下面是为大家准备的文章。" in [p.text for p in noise]


def test_sentence_broken_by_a_link_is_one_paragraph() -> None:
    joined = [p for p in segment(PAGE).paragraphs if "工作报告" in p.text]
    assert [p.text.split("\n\n") for p in joined] == [
        ["刚才大家听取了一个实事求是的。", "工作报告。", "我完全赞同,请大家抓好落实。"]
    ]


def test_site_lines_are_no_context_of_speeches() -> None:
    document = segment(PAGE)
    by_text = dict(zip([p.text for p in document.paragraphs], document.inputs(), strict=True))
    assert by_text["形势不容乐观。"].after == ""
    assert by_text["最后强调一点。"].after == ""
    assert by_text["二要整改。"].before == "一要排查。"


def test_single_speech_has_no_parts() -> None:
    assert {p.part for p in segment(SPEECH).paragraphs} == {None}


def test_a_glued_heading_opens_a_section_for_what_follows() -> None:
    text = "二、工作安排\n(一)管住火源。各村要把散坟登记到户,做到一坟一档。\n"
    text += "对漏报的村,镇里要通报批评。\n(二)备足力量。每村建一支小分队。\n"
    first, *rest = segment(text).paragraphs
    assert first.role == "heading"
    assert [(p.role, p.level, p.section) for p in rest] == [
        ("body", 3, ("二、工作安排",)),
        ("body", None, ("二、工作安排", "(一)管住火源。")),
        ("body", 3, ("二、工作安排",)),
    ]


def test_signature_and_date_close_a_document() -> None:
    text = "关于校园安全的汇报\n我校今年排查隐患十二处,已全部整改到位。\n\n石桥镇中心小学\n二〇二四年三月五日\n"
    assert [p.role for p in segment(text).paragraphs] == ["heading", "body", "signature", "date"]


def test_a_page_of_text_in_a_heading_style_is_no_heading() -> None:
    text = "二、工作安排\n" + "要抓好春耕备耕。" * 60 + "\n各村要把散坟登记到户。\n"
    source = SourceText(text, heading_levels={0: 1, 7: 2})
    assert [(p.role, p.section) for p in segment(source).paragraphs] == [
        ("heading", ()),
        ("body", ("二、工作安排",)),
        ("body", ("二、工作安排",)),
    ]
