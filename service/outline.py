"""A document's paragraphs with their functions, its sections, and the share of each function."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.core.bundle import Bundle, Prediction
from service.core.errors import EmptyTextError
from service.core.labels import LABEL_BY_ID, LABEL_IDS
from service.core.repetition import Repetition, find_repetitions
from service.core.segment import Document, Paragraph, segment
from service.core.source import SourceText
from service.core.text import normalize

_OTHER_BY_FORM = ("noise", "signature", "date")


@dataclass(frozen=True)
class _Judged:
    """A paragraph and its labels; site lines, signatures and dates are ``other`` by their form."""

    paragraph: Paragraph
    prediction: Prediction
    repetition: Repetition | None

    @property
    def scores(self) -> tuple[tuple[str, float], ...]:
        return (("other", 1.0),) if self.paragraph.role in _OTHER_BY_FORM else self.prediction.scores

    @property
    def label(self) -> str:
        return self.scores[0][0]

    @property
    def n_characters(self) -> int:
        return self.paragraph.end - self.paragraph.start

    def answer(self) -> dict[str, Any]:
        p = self.paragraph
        return {
            "index": p.index,
            "start": p.start,
            "end": p.end,
            "part": p.part,
            "role": p.role,
            "level": p.level,
            "section": list(p.section),
            "text": p.text,
            "label": self.label,
            "score": round(self.scores[0][1], 6),
            "n_windows": self.prediction.n_windows,
            "repeats": None
            if self.repetition is None
            else {"index": self.repetition.of, "likeness": round(self.repetition.likeness, 3)},
            "scores": [{"label": label, "score": round(score, 6)} for label, score in self.scores],
        }


def outline_answer(document: Document, predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The JSON answer for a document: paragraphs, outline by speech and section, and label shares by characters."""
    repetitions = find_repetitions([p.text for p in document.paragraphs])
    judged = [_Judged(*three) for three in zip(document.paragraphs, predictions, repetitions, strict=True)]
    sections: dict[tuple[int | None, tuple[str, ...]], Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for item in judged:
        totals[item.label] += item.n_characters
        if item.paragraph.role not in ("heading", *_OTHER_BY_FORM):
            sections[item.paragraph.part, item.paragraph.section][item.label] += item.n_characters
    return {
        "paragraphs": [item.answer() for item in judged],
        "outline": [
            {"part": part, "section": list(section), "label": counts.most_common(1)[0][0]}
            for (part, section), counts in sections.items()
        ],
        "label_shares": {label: round(totals[label] / totals.total(), 6) for label in LABEL_IDS if totals[label]},
    }


def outline_document(bundle: Bundle, source: str | SourceText) -> dict[str, Any]:
    """Segment and classify a whole text.

    :raises EmptyTextError: the text has no visible character.
    """
    document = segment(source)
    if not document.paragraphs:
        raise EmptyTextError
    return outline_answer(document, bundle.classify(document.inputs()))


def outline_text(answer: dict[str, Any], width: int = 46) -> str:
    """An outline for the terminal: one line a paragraph, indented by section, then the label shares."""
    lines = []
    part = None
    for p in answer["paragraphs"]:
        if p["part"] is not None and p["part"] != part:
            part = p["part"]
            lines.append(f"—— 第 {part + 1} 篇 ——")
        text = normalize(p["text"]) if "\n" in p["text"] else p["text"]
        text = text if len(text) <= width else text[: width - 1] + "…"
        doubt = "?" if p["score"] < 0.5 else " "
        lines.append(f"{LABEL_BY_ID[p['label']].zh}{doubt} {p['score']:.2f}  {'  ' * len(p['section'])}{text}")
    shares = sorted(answer["label_shares"].items(), key=lambda pair: -pair[1])
    lines += ["", "各功能占字数:" + "  ".join(f"{LABEL_BY_ID[label].zh} {share:.0%}" for label, share in shares)]
    return "\n".join(lines)
