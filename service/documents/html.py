"""HTML pages: the main text without menus, lists of links and adverts."""

from typing import Any

from lxml import etree
from trafilatura import bare_extraction, html2txt
from trafilatura.settings import use_config

from service.core.errors import InputError
from service.core.source import SourceText, SourceTextBuilder
from service.documents.limits import Limits
from service.documents.plain import decode

_FEWEST_CHARACTERS = 40
_SMALLEST_SHARE = 0.2


def read_html(data: bytes, limits: Limits) -> SourceText:
    """Main text of a page by ``trafilatura``, with its headings; the whole text where no main part stands out.

    :raises InputError: the page holds no text, or more than the limit.
    """
    page = decode_page(data)
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_FEWEST_CHARACTERS))
    extracted = bare_extraction(
        page, include_comments=False, include_tables=True, favor_recall=True, deduplicate=False, config=config
    )
    builder = SourceTextBuilder()
    if extracted is not None and extracted.body is not None:
        _walk(extracted.body, builder)
    whole = html2txt(page) or ""
    if builder.n_characters < _FEWEST_CHARACTERS or builder.n_characters < _SMALLEST_SHARE * len(whole):
        builder = SourceTextBuilder()
        for line in whole.split("\n"):
            builder.add(line)
    limits.check_characters(builder.n_characters)
    if not builder.n_characters:
        raise InputError("网页里没有正文：它可能要在浏览器里运行脚本才显示，请复制正文粘贴")
    return builder.source(whole_lines=False)


def decode_page(data: bytes) -> str:
    """A page by its own declared encoding if that holds, else as any text file."""
    head = data[:2048].lower()
    for name in (b"gb2312", b"gbk", b"gb18030", b"big5"):
        if b"charset=" + name in head.replace(b'"', b"").replace(b"'", b""):
            try:
                return data.decode("big5" if name == b"big5" else "gb18030")
            except UnicodeDecodeError:
                break
    return decode(data)


def _walk(element: Any, builder: SourceTextBuilder) -> None:
    for child in element:
        if child.tag == "row":
            builder.add("\t".join(_flat(cell) for cell in child.iter("cell")))
        elif child.tag == "head":
            builder.add(_flat(child), max(0, int(child.get("rend", "h2")[1:]) - 1))
        elif child.tag in ("p", "item", "quote", "code") and not child.findall(".//p"):
            for line in _flat(child).split("\n"):
                builder.add(line)
        elif isinstance(child.tag, str):
            builder.add(child.text or "")
            _walk(child, builder)
        builder.add(child.tail or "")


def _flat(element: Any) -> str:
    for line_break in element.iter("lb"):
        line_break.tail = "\n" + (line_break.tail or "")
    text: str = etree.tostring(element, method="text", encoding="unicode", with_tail=False)
    return text.strip()
