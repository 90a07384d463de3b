import pytest

from service.core.webpage import is_part_title, is_site_line


@pytest.mark.parametrize(
    "line",
    [
        "手机阅读",
        "3",
        "1/4",
        "页,当前第。",
        "共12页,当前第3页",
        "上一页",
        "2023-11-20 21:57:47    小编:zdfb",
        "格式:DOC 上传日期:2023-11-20 21:57:47 页码:13",
        "您可能关注的文档",
        "来源:网络",
        "最新安全会议领导讲话内容(通用11篇)",
        "更多范文请访问 https://example.com/a",
    ],
)
def test_site_lines(line: str) -> None:
    assert is_site_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "同志们:",
        "一、下一步工作",
        "来源于群众的意见,必须件件有着落,不能一转了之、一推了之,更不能石沉大海。",
        "2023年,全县新修道路120公里。",
        "下载安装国家反诈中心应用,是今天布置的第一件事,各村要在本周内完成。",
    ],
)
def test_lines_of_speeches_are_kept(line: str) -> None:
    assert not is_site_line(line)
    assert not is_part_title(line)


@pytest.mark.parametrize("line", ["安全生产讲话稿篇三", "年终总结范文2", "篇一:", "第二篇"])
def test_part_titles(line: str) -> None:
    assert is_part_title(line)
