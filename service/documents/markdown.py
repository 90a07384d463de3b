"""Markdown files by CommonMark."""

from markdown_it import MarkdownIt

from service.core.source import SourceText, SourceTextBuilder
from service.documents.plain import decode

_INLINE = {"softbreak": "", "hardbreak": "\n"}  # a soft break in Chinese text is no space


def read_markdown(data: bytes) -> SourceText:
    """Markdown by CommonMark and its tables: headings with their levels, paragraphs, list items and table rows."""
    builder = SourceTextBuilder()
    level: int | None = None
    row: list[str] | None = None
    for token in MarkdownIt("commonmark").enable("table").parse(decode(data)):
        if token.type == "heading_open":
            level = int(token.tag[1:]) - 1
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            builder.add("\t".join(row))
            row = None
        elif token.type == "inline":
            text = "".join(_INLINE.get(child.type, child.content) for child in token.children or [])
            if row is None:
                builder.add(text, level)
            else:
                row.append(text.strip())
            level = None
        elif token.type in ("fence", "code_block", "html_block"):
            builder.add(token.content)
    return builder.source(whole_lines=True)
