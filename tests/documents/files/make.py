"""Make the sample files anew with the ordinary programs: LibreOffice and Chromium must be installed.

    python tests/documents/files/make.py

``source.html`` is printed by Chromium (``chromium.pdf``) and saved by LibreOffice (``libreoffice.docx``,
``libreoffice.pdf``). ``numbered.docx`` has Word's automatic Chinese numbers at two levels and was saved by LibreOffice;
``locked.pdf`` is the same with a password; ``scanned.pdf`` is a picture of a page without a text layer.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]
LOCKED = (
    'pdf:writer_pdf_Export:{"EncryptFile":{"type":"boolean","value":"true"},'
    '"DocumentOpenPassword":{"type":"string","value":"secret"}}'
)
NUMBERED = [
    (0, "时间安排"),
    (1, "十月底前完成摸底。"),
    (1, "十二月上旬组织验收。"),
    (0, "工作要求"),
    (1, "逐户登记,不漏一家。"),
]


def convert(source: Path, target: str, kind: str, *options: str) -> None:
    """Let LibreOffice save a file in another format."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["soffice", "--headless", *options, "--convert-to", kind, "--outdir", folder, str(source)]
        subprocess.run(command, check=True)
        shutil.move(next(Path(folder).iterdir()), HERE / target)


def numbered_document(path: Path) -> None:
    """A document whose numbers stand in ``numbering.xml`` and in no paragraph."""
    document = Document()
    document.add_paragraph("冬季安全检查的安排").style = "Title"
    root = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
        f'<w:suff w:val="nothing"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, text in enumerate(("%1、", "(%2)"))
    )
    root.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for level, text in NUMBERED:
        properties = document.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>')
        )
    document.save(str(path))


def main() -> None:
    """Write every file beside this one."""
    source = HERE / "source.html"
    subprocess.run([*CHROMIUM, f"--print-to-pdf={HERE / 'chromium.pdf'}", source.as_uri()], check=True)
    with tempfile.TemporaryDirectory() as folder:
        article = Path(folder) / "article.html"  # an office user writes no site menu
        article.write_text(re.sub(r"<(nav|footer)>.*?</\1>", "", source.read_text()))
        convert(article, "article.odt", "odt", "--writer")
        document = Path(shutil.move(HERE / "article.odt", folder))
        convert(document, "libreoffice.docx", "docx")
        convert(document, "libreoffice.pdf", "pdf")
        numbered_document(Path(folder) / "made.docx")
        convert(Path(folder) / "made.docx", "numbered.docx", "docx")
        convert(HERE / "numbered.docx", "locked.pdf", LOCKED)
    page = Image.new("L", (620, 877), 255)
    ImageDraw.Draw(page).rectangle((80, 80, 540, 120), fill=40)
    page.save(HERE / "scanned.pdf")


if __name__ == "__main__":
    main()
