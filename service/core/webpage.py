"""Lines that a collection page put around the speeches: its own furniture, and the titles of its parts."""

import re

from service.core.text import normalize

_LONGEST_TITLE = 60
_NUMERAL = "[一二三四五六七八九十0-9]{1,3}"

_PART_TITLE = re.compile(rf"(?:.{{2,}}(?:篇|范文|之){_NUMERAL}|(?:篇|范文|第){_NUMERAL}篇?)[::]?$")
_COLLECTION_TITLE = re.compile(
    r"\((?:通用|精选|优秀|推荐|合集|汇总|热门|最新|共|实用|必备)?[0-9一二三四五六七八九十]+篇\)$"
)
_FURNITURE = re.compile(
    r"""
    [0-9/\s|-]{1,9}$                                     # page numbers on a line of their own
    |共?[0-9]*页,?当前第[0-9]*页?[。.]?[0-9]*$
    |(?:上一[页篇]|下一[页篇]|首页|尾页|末页|返回(?:首页|列表|顶部)?)(?:[:: |]|$)
    |手机(?:阅读|版)$|扫码.{0,12}$|(?:全文)?(?:阅读|查看|浏览)(?:全文|更多|次数).{0,20}$
    |(?:点击|立即|免费|word文?档?)?下载.{0,16}$|点击(?:查看|展开).{0,16}$
    |格式:[a-z]+.*|.*上传日期:.*|页码:[0-9]+$
    |(?:.{0,24}[\s:0-9-])?小编:?[a-z0-9\u4e00-\u9fff]{1,8}$|.{0,30}小编.{0,20}(?:整理|收集|带来|分享|推荐|准备).{0,60}$
    |来源:.{1,30}$|(?:发布|更新)(?:时间|日期):.*|责任编辑:.{1,12}$|作者:.{1,12}$
    |(?:您|你)可能(?:还)?(?:关注|喜欢|感兴趣).{0,12}$|相关(?:推荐|文章|阅读|文档|热词).{0,12}$|猜你喜欢.{0,6}$
    |(?:推荐|延伸)阅读.{0,20}$|本文(?:来自|来源|链接|地址|由).{0,60}$|版权(?:声明|所有).{0,60}$
    |.{0,20}(?:https?://|www\.)\S+.{0,20}$
    |.{0,12}(?:范文网|文库|公文网|秘书网|文秘网).{0,24}$
    """,
    re.VERBOSE,
)


def is_part_title(line: str) -> bool:
    """Whether a line opens the next speech of a collection, such as ``安全会议讲话稿篇三`` or ``范文二``."""
    normal = normalize(line)
    return len(normal) <= _LONGEST_TITLE and _PART_TITLE.fullmatch(normal) is not None


def is_site_line(line: str) -> bool:
    """Whether a line belongs to the web site and not to a speech: page numbers, dates, editors, downloads, links."""
    normal = normalize(line)
    if len(normal) > 2 * _LONGEST_TITLE:
        return False
    return _FURNITURE.match(normal) is not None or _COLLECTION_TITLE.search(normal) is not None
