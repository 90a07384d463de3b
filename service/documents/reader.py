"""Which reader a file needs, by its first bytes and its name."""

from pathlib import PurePath
from typing import Literal

from service.core.errors import InputError
from service.core.source import SourceText
from service.documents.limits import Limits

Format = Literal["txt", "md", "html", "docx", "pdf"]

SUFFIXES: dict[str, Format] = {
    ".txt": "txt",
    ".md": "md",
    ".markdown": "md",
    ".htm": "html",
    ".html": "html",
    ".docx": "docx",
    ".pdf": "pdf",
}


def detect_format(data: bytes, name: str = "") -> Format:
    """The format of a file; what its first bytes say goes before its name.

    :param name: file name; only its suffix is read.
    :raises InputError: the format is known and not supported, such as old Word files.
    """
    start = data[:1024].lstrip()
    if start.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return "docx"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("这是旧版 Word(.doc)或加密的文件：请用 Word 或 WPS 另存为 .docx")
    if start.startswith(b"{\\rtf"):
        raise InputError("这是 RTF 文件：请用 Word 或 WPS 另存为 .docx")
    by_name = SUFFIXES.get(PurePath(name).suffix.lower())
    if by_name in ("docx", "pdf"):
        raise InputError(f"文件名以 .{by_name} 结尾，内容却不是：文件可能已损坏")
    lower = start.lower()
    if by_name is None and (lower.startswith((b"<!doctype html", b"<html")) or b"<body" in lower):
        return "html"
    return by_name or "txt"


def read_document(
    data: bytes, name: str = "", file_format: Format | None = None, limits: Limits | None = None
) -> SourceText:
    """The text of a file.

    :param file_format: the format, if it is known; else it is detected.
    :raises InputError: the file is empty, damaged, not supported or passes a limit; the message says which.
    """
    limits = limits or Limits()
    limits.check_bytes(data)
    if not data.strip():
        raise InputError("文件是空的")
    chosen = file_format or detect_format(data, name)
    try:
        source = _read(data, chosen, limits)
    except ModuleNotFoundError as error:
        raise InputError(f"读取 {chosen} 文件缺少组件 {error.name}：请安装 pip install 'zhangfa[documents]'") from error
    limits.check_characters(len(source.text))
    return source


def _read(data: bytes, file_format: Format, limits: Limits) -> SourceText:
    """Each reader is imported when needed: they bring large libraries, which an installation may lack."""
    if file_format == "docx":
        from service.documents.word import read_word

        return read_word(data, limits)
    if file_format == "pdf":
        from service.documents.pdf import read_pdf

        return read_pdf(data, limits)
    if file_format == "html":
        from service.documents.html import read_html

        return read_html(data, limits)
    if file_format == "md":
        from service.documents.markdown import read_markdown

        return read_markdown(data)
    from service.documents.plain import read_plain

    return read_plain(data)
