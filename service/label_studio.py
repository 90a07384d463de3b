"""Tasks for the annotation tool Label Studio, with the model's labels as predictions to be checked.

Format: https://labelstud.io/guide/predictions and https://labelstud.io/tags/choices. A prediction names the alias of
its choice, which is the label's stable id; the annotator sees the display name.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from service.core.labels import LABELS

CONTROL = "function"


def labelling_config() -> str:
    """The XML that a Label Studio project is set up with: headings and neighbours above and below the paragraph."""
    view = Element("View")
    SubElement(view, "Header", value="$headings", size="5")
    SubElement(view, "Text", name="before", value="$before")
    SubElement(view, "Header", value="判定这一段", size="4")
    SubElement(view, "Text", name="text", value="$text")
    choices = SubElement(view, "Choices", name=CONTROL, toName="text", choice="single-radio", required="true")
    for hotkey, label in zip("1234567890q", LABELS, strict=True):
        SubElement(choices, "Choice", value=label.zh, alias=label.id, hint=label.definition, hotkey=hotkey)
    SubElement(view, "Text", name="after", value="$after")
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def annotation_tasks(answer: Mapping[str, Any], document: str, model_version: str) -> list[dict[str, Any]]:
    """One task a paragraph, in reading order.

    :param answer: what the outline of the document says.
    :param document: name of the document; the speeches of a collection are numbered after it.
    :param model_version: which model predicted.
    """
    paragraphs = answer["paragraphs"]
    tasks = []
    for before, p, after in zip([None, *paragraphs], paragraphs, [*paragraphs[1:], None], strict=False):
        data = {
            "document": document if p["part"] is None else f"{document}#{p['part'] + 1}",
            "index": p["index"],
            "headings": " › ".join(map(_one_line, p["section"])),
            "before": _one_line(before["text"]) if before else "",
            "text": _one_line(p["text"]),
            "after": _one_line(after["text"]) if after else "",
        }
        choice = {
            "id": f"p{p['index']}",
            "from_name": CONTROL,
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [p["label"]]},
        }
        prediction = {"model_version": model_version, "score": p["score"], "result": [choice]}
        tasks.append({"data": data, "predictions": [prediction]})
    return tasks


def _one_line(text: str) -> str:
    return "".join(part.strip() for part in text.splitlines())
