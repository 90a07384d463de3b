"""Plain text in the encodings that Chinese files come in."""

import codecs

from service.core.errors import InputError
from service.core.source import SourceText

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ["gb18030", "big5", "utf_16_le", "utf_16_be"]


def decode(data: bytes) -> str:
    """Text of a file by its byte order mark, as UTF-8, as GB18030, or as what ``charset-normalizer`` finds.

    :raises InputError: it is no text in any of them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_as(data, encoding)
    if b"\0" not in data:
        for encoding in ("utf-8", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    from charset_normalizer import from_bytes  # only here, so that usual files need no extra library

    best = from_bytes(data, cp_isolation=_CANDIDATES).best()
    text = "" if best is None else str(best)
    if not text or "\0" in text:
        raise InputError("文件不是文本(含有空字节或认不出的编码)：请另存为 UTF-8 文本，或上传 docx、html、pdf")
    return text


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"文件标明是 {encoding}，第 {error.start} 字节起却不是：请另存为 UTF-8 文本") from error


def read_plain(data: bytes) -> SourceText:
    """A text file as it stands, so offsets point into it."""
    return SourceText(decode(data))
