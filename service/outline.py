"""A document's paragraphs with their functions, its sections, and the share of each function."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from service.core.bundle import Bundle, Prediction
from service.core.errors import EmptyTextError
from service.core.labels import LABEL_BY_ID, LABEL_IDS
from service.core.segment import Document, segment


def outline_answer(document: Document, predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The JSON answer for a document: paragraphs, outline by section, and label shares by characters."""
    paragraphs = [
        {
            "index": p.index,
            "start": p.start,
            "end": p.end,
            "part": None,
            "role": p.role,
            "section": list(p.section),
            "text": p.text,
            "label": prediction.label,
            "score": round(prediction.score, 6),
            "n_windows": prediction.n_windows,
            "scores": [{"label": label, "score": round(score, 6)} for label, score in prediction.scores],
        }
        for p, prediction in zip(document.paragraphs, predictions, strict=True)
    ]
    sections: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    totals: dict[str, int] = dict.fromkeys(LABEL_IDS, 0)
    for paragraph, prediction in zip(document.paragraphs, predictions, strict=True):
        length = paragraph.end - paragraph.start
        totals[prediction.label] += length
        if paragraph.role != "heading":
            sections[paragraph.section][prediction.label] += length
    n_characters = sum(totals.values())
    return {
        "paragraphs": paragraphs,
        "outline": [
            {"section": list(section), "label": max(counts, key=lambda label: counts[label])}
            for section, counts in sections.items()
        ],
        "label_shares": {label: round(n / n_characters, 6) for label, n in totals.items() if n},
    }


def outline_document(bundle: Bundle, text: str) -> dict[str, Any]:
    """Segment and classify a whole text.

    :raises EmptyTextError: the text has no visible character.
    """
    document = segment(text)
    if not document.paragraphs:
        raise EmptyTextError
    return outline_answer(document, bundle.classify(document.inputs()))


def outline_text(answer: dict[str, Any], width: int = 46) -> str:
    """An outline for the terminal: one line a paragraph, indented by section, then the label shares."""
    lines = []
    for p in answer["paragraphs"]:
        text = p["text"] if len(p["text"]) <= width else p["text"][: width - 1] + "…"
        doubt = "?" if p["score"] < 0.5 else " "
        lines.append(f"{LABEL_BY_ID[p['label']].zh}{doubt} {p['score']:.2f}  {'  ' * len(p['section'])}{text}")
    shares = sorted(answer["label_shares"].items(), key=lambda pair: -pair[1])
    lines += ["", "各功能占字数:" + "  ".join(f"{LABEL_BY_ID[label].zh} {share:.0%}" for label, share in shares)]
    return "\n".join(lines)
