"""A labelled document as a Word file: headings by level, every paragraph shaded by its function and tagged with it."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from service.core.labels import LABEL_BY_ID
from service.palette import PALETTE

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these


def render_word(paragraphs: Sequence[Mapping[str, Any]], title: str | None = None) -> bytes:
    """Make a ``.docx`` file.

    :param paragraphs: each with ``text`` and ``label``, and where it is a heading ``role`` and ``level``.
    """
    document = Document()
    normal = document.styles["Normal"]
    normal.font.size = Pt(12)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    if title:
        document.add_heading(_NOT_XML.sub("", title), 0)
    for paragraph in paragraphs:
        text = _NOT_XML.sub("", paragraph["text"].replace("\n", ""))
        if paragraph.get("role") == "heading":
            document.add_heading(text, min(max(paragraph.get("level") or 1, 1), 9))
            continue
        added = document.add_paragraph()
        tag = added.add_run(f"〔{LABEL_BY_ID[paragraph['label']].zh}〕")
        tag.font.size, tag.font.color.rgb = Pt(9), RGBColor(0x66, 0x66, 0x66)
        added.add_run(text)
        shade = PALETTE[paragraph["label"]].light
        added._p.get_or_add_pPr().append(
            parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{shade}"/>')
        )
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()
