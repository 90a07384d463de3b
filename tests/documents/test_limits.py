"""Hostile, damaged and unsupported files get one clear error each."""

import io
import zipfile
from collections.abc import Callable

import pypdfium2
import pytest
from docx import Document

from service.core.errors import InputError, TooLongError
from service.documents.limits import Limits
from service.documents.reader import read_document
from tests.documents.samples import FILES

DOCX = (FILES / "libreoffice.docx").read_bytes()
PDF = (FILES / "libreoffice.pdf").read_bytes()


def rebuilt(change: Callable[[str, bytes], bytes]) -> bytes:
    """The sample Word file with its parts changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(DOCX)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return target.getvalue()


def in_document(body: bytes, prologue: bytes = b"") -> bytes:
    """A Word file whose main part is replaced."""
    word = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    part = b'<?xml version="1.0"?>%s<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (prologue, word, body)
    return rebuilt(lambda name, data: part if name == "word/document.xml" else data)


def endless_pdf(n_pages: int) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(n_pages):
        document.new_page(595, 842)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.txt", "文件是空的"),
        (b" \r\n\t ", "a.txt", "文件是空的"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.doc", "另存为 .docx"),
        (b"{\\rtf1 abc}", "a.rtf", "另存为 .docx"),
        (b"hello", "a.docx", "文件可能已损坏"),
        (b"hello", "a.pdf", "文件可能已损坏"),
        (b"PK\x03\x04 broken", "a.docx", "重新保存"),
        (DOCX[: len(DOCX) // 2], "a.docx", "重新保存"),
        (PDF[:300], "a.pdf", "重新导出"),
        ((FILES / "scanned.pdf").read_bytes(), "a.pdf", "没有文字层"),
        (b"<html><body><script>start()</script></body></html>", "a.html", "没有正文"),
        (in_document(b"<w:p><w:r><w:t>a</w:t>"), "a.docx", "读不出来"),
    ],
)
def test_unreadable_files(data: bytes, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_document(data, name)


def test_a_zip_that_is_no_word_file() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "文字")
    with pytest.raises(InputError, match="读不出来"):
        read_document(target.getvalue())


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    bomb = rebuilt(lambda name, data: bytes(60_000_000) if name == "word/document.xml" else data)
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="展开后有 60,"):
        read_document(bomb, limits=Limits(max_expanded_bytes=50_000_000))


def test_a_part_that_lies_about_its_size_is_not_unpacked() -> None:
    bomb = bytearray(rebuilt(lambda name, data: bytes(60_000_000) if name == "word/document.xml" else data))
    honest = (60_000_000).to_bytes(4, "little")
    assert bomb.count(honest) >= 1
    with pytest.raises(InputError):
        read_document(
            bytes(bomb.replace(honest, (1000).to_bytes(4, "little"))), limits=Limits(max_expanded_bytes=10**6)
        )


def test_an_entity_bomb_is_refused() -> None:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i + 1, b"&e%d;" % i * 10) for i in range(9))
    bomb = in_document(
        b"<w:p><w:r><w:t>before &e9; after</w:t></w:r></w:p>",
        b'<!DOCTYPE d [<!ENTITY e0 "boom">' + entities + b"]>",
    )
    with pytest.raises(InputError, match="读不出来"):
        read_document(bomb)


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    deep = b"<w:sdt><w:sdtContent>" * 3000 + b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" + b"</w:sdtContent></w:sdt>" * 3000
    with pytest.raises(InputError, match="读不出来"):
        read_document(in_document(deep))


def test_deeply_nested_html_is_refused() -> None:
    page = "<html><body>" + "<div>" * 20_000 + "今天召开全镇春耕备耕动员会。" * 10 + "</div>" * 20_000
    with pytest.raises(InputError, match="没有正文"):
        read_document(page.encode(), "a.html")


@pytest.mark.parametrize(
    ("data", "limits", "message"),
    [
        (DOCX, Limits(max_bytes=1000), "字节，超过上限 1,000"),
        (DOCX, Limits(max_entries=3), "个部件，超过上限 3"),
        (endless_pdf(12), Limits(max_pages=10), "PDF 有 12 页，超过上限 10"),
    ],
)
def test_bounds_are_named(data: bytes, limits: Limits, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_document(data, limits=limits)


@pytest.mark.parametrize("name", ["libreoffice.docx", "libreoffice.pdf", "source.html", "source.txt"])
def test_the_bound_on_characters_holds_for_every_format(name: str) -> None:
    data = "今天开会。".encode() * 50 if name.endswith("txt") else (FILES / name).read_bytes()
    with pytest.raises(TooLongError, match="超过上限 100"):
        read_document(data, name, limits=Limits(max_characters=100))


def test_a_locked_pdf_says_so() -> None:
    with pytest.raises(InputError, match="密码"):
        read_document((FILES / "locked.pdf").read_bytes())


def test_an_encrypted_part_of_a_word_file_is_named_as_unreadable() -> None:
    data = bytearray((FILES / "libreoffice.docx").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # of each part and of its directory entry
        place = -1
        while (place := data.find(signature, place + 1)) >= 0:
            data[place + flags] |= 1
    with pytest.raises(InputError, match="读不出来"):
        read_document(bytes(data), "a.docx")


def test_word_tables_text_boxes_and_deletions() -> None:
    body = (
        "<w:p><w:r><w:t>正文一句。</w:t></w:r><w:del><w:r><w:delText>删去</w:delText><w:t>删去</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>补上。</w:t></w:r></w:ins></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件里的一段。</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>关于资金</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>甲行</w:t><w:br/><w:t>乙行</w:t></w:r></w:p>"
    )
    source = read_document(in_document(body.encode()))
    assert source.text.split("\n") == ["正文一句。补上。", "控件里的一段。", "关于资金", "甲行", "乙行"]
    assert list(source.heading_levels.values()) == [7]


def test_a_word_file_of_python_docx_is_read() -> None:
    document = Document()
    document.add_heading("年度总结", 0)
    document.add_paragraph("今年完成投资三亿元。")
    target = io.BytesIO()
    document.save(target)
    source = read_document(target.getvalue())
    assert source.text == "年度总结\n今年完成投资三亿元。"
    assert source.heading_levels == {0: 0}
