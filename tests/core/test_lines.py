import pytest

from service.core.lines import group_lines, read_lines, wrap_width

WRAPPED = """  今年以来,全县上下围绕春季农业生产这个中心,早动员、早部署、
早落实,截至三月底,春耕备耕各项准备工作基本就绪,农资储备充足,
农机检修完成九成以上。
  但是我们也要看到,今年的旱情来得早、来得猛,三座小型水库已经降
到死水位以下,部分乡镇的人畜饮水出现困难,机井配套跟不上,抗旱物
资的调运也不够及时。
  各乡镇要立即行动起来。
"""


def joined(text: str) -> list[str]:
    return ["".join(line.text for line in group) for group in group_lines(read_lines(text))]


def test_wrapped_text_becomes_paragraphs() -> None:
    paragraphs = joined(WRAPPED)
    assert len(paragraphs) == 3
    assert paragraphs[0].endswith("农机检修完成九成以上。")
    assert paragraphs[2] == "各乡镇要立即行动起来。"


def test_whole_paragraphs_are_not_wrapped_text() -> None:
    text = (
        "一是抓排查。\n二是抓整改\n三是抓考核\n四是抓培训,全员过关\n"
        + "今年的任务很重。" * 40
        + "\n五是抓督查\n六是抓问责"
    )
    assert wrap_width(read_lines(text)) is None
    assert len(joined(text)) == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上级要求很明确,\n我们必须照办。", ["上级要求很明确,我们必须照办。"]),
        ("全县上下认真\n,狠抓落实。", ["全县上下认真,狠抓落实。"]),
        ("参加人员:张三、李四、\n会议内容:年终总结", ["参加人员:张三、李四、", "会议内容:年终总结"]),
        ("同志们,\n今天开会。", ["同志们,", "今天开会。"]),
        ("要做到:\n一、抓排查,\n二、抓整改。", ["要做到:", "一、抓排查,", "二、抓整改。"]),
    ],
)
def test_broken_sentences_are_joined(text: str, expected: list[str]) -> None:
    assert joined(text) == expected


def test_flattened_speech_is_divided_at_its_headings() -> None:
    flat = "同志们:今天开会。一、认清形势。" + "形势不容乐观。" * 120 + "二、抓好落实。" + "立即开展排查。" * 120
    lines = read_lines(flat)
    assert [line.text[:2] for line in lines] == ["同志", "一、", "二、"]
    assert all(flat[line.start : line.end] == line.text for line in lines)


def test_a_numbered_line_cut_by_the_width_runs_on() -> None:
    text = (
        "    第一，要把防汛责任落实到每一座山塘水库和每一处危\n险地段，不留死角不留盲区，一天也不能等。\n"
        "    （二）各村要在汛前备足沙袋木桩和照明的设备并且登\n记造册，专人保管，随叫随到，不得挪用。\n"
        "    第三，值班的同志要二十四小时守在岗位上不得擅自离\n开，交接班要当面交代清楚，写在本子上面。\n"
        "    第四，县里的督查组从下个星期开始到各个乡镇去明察\n暗访，发现脱岗的，一律通报批评，没有二话。\n"
    )
    groups = group_lines(read_lines(text))
    assert [len(group) for group in groups] == [2, 2, 2, 2]
