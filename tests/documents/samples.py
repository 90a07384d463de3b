"""The sample files, and the paragraphs that every one of them holds."""

from pathlib import Path

FILES = Path(__file__).parent / "files"

TITLE = "在石桥镇人居环境整治推进会上的讲话"
HEADINGS = ("一、前一阶段的情况", "二、存在的差距", "三、下一步要抓好的事")
# The first characters of each paragraph, and its last.
PARAGRAPHS = (
    (TITLE, "讲话"),
    ("同志们：", "们："),
    ("今天这个会，", "比一比。"),
    (HEADINGS[0], "情况"),
    ("四月以来，", "干出来的。"),
    ("村名", "清沟（米）"),
    ("柳湾村", "1350"),
    ("东岭村", "980"),
    (HEADINGS[1], "差距"),
    ("看到成绩，", "人心不稳。"),
    (HEADINGS[2], "的事"),
    ("（一）清沟。", "堆在路边。"),
    ("（二）拆旧。", "绿一处。"),
    ("（三）压实责任。", "说明原因。"),
    ("同志们，环境", "新年！"),
)
