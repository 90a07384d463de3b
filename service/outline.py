"""A document's paragraphs with their functions, its sections with their main functions, and the share of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.core.bundle import Bundle, Prediction
from service.core.errors import EmptyTextError
from service.core.labels import LABEL_IDS
from service.core.repetition import Repetition, find_repetitions
from service.core.segment import Document, Paragraph, segment
from service.core.source import SourceText
from service.core.spans import Span, document_sentences, label_spans

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
        repeats = self.repetition
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
            "repeats": repeats and {"index": repeats.of, "likeness": round(repeats.likeness, 3)},
            "scores": [{"label": label, "score": round(score, 6)} for label, score in self.scores],
        }


@dataclass(frozen=True)
class _Section:
    """A heading and the characters of each function below it, those of its subsections included."""

    part: int | None
    index: int | None = None
    level: int | None = None
    section: tuple[str, ...] = ()
    n_characters: Counter[str] = field(default_factory=Counter)

    def answer(self) -> dict[str, Any]:
        [(label, n)] = self.n_characters.most_common(1)
        return {
            "part": self.part,
            "index": self.index,
            "level": self.level,
            "section": list(self.section),
            "label": label,
            "share": round(n / self.n_characters.total(), 6),
        }


def _sections(judged: Sequence[_Judged]) -> list[_Section]:
    """One section for each speech as a whole, and one for each of its headings."""
    sections: list[_Section] = []
    open_sections: list[_Section] = []
    for item in judged:
        p = item.paragraph
        if p.role == "noise":
            continue
        if not open_sections or open_sections[0].part != p.part:
            open_sections = [_Section(p.part)]
            sections += open_sections
        if p.level is not None and p.heading is not None:
            level = p.level
            open_sections = [s for s in open_sections if s.level is None or s.level < level]
            open_sections.append(_Section(p.part, p.index, level, (*p.section, p.heading)))
            sections.append(open_sections[-1])
        if p.role not in ("heading", *_OTHER_BY_FORM):
            for section in open_sections:
                section.n_characters[item.label] += item.n_characters
    return [section for section in sections if section.n_characters]


def outline_answer(
    document: Document, predictions: Sequence[Prediction], spans: Mapping[int, Sequence[Span]] | None = None
) -> dict[str, Any]:
    """The JSON answer for a document: paragraphs, outline by speech and section, and label shares by characters.

    :param spans: the spans of sentences of each paragraph that has several, by its index, if they were asked for.
    """
    repetitions = find_repetitions([p.text for p in document.paragraphs])
    judged = [_Judged(*three) for three in zip(document.paragraphs, predictions, repetitions, strict=True)]
    totals: Counter[str] = Counter()
    for item in judged:
        totals[item.label] += item.n_characters
    paragraphs = [item.answer() for item in judged]
    if spans is not None:
        for paragraph in paragraphs:
            own = spans.get(paragraph["index"])
            paragraph["spans"] = own and [
                {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 6)} for s in own
            ]
    return {
        "paragraphs": paragraphs,
        "outline": [section.answer() for section in _sections(judged)],
        "label_shares": {label: round(totals[label] / totals.total(), 6) for label in LABEL_IDS if totals[label]},
    }


def outline_document(bundle: Bundle, source: str | SourceText, *, sentences: bool = False) -> dict[str, Any]:
    """Segment and classify a whole text.

    :param sentences: also give the spans of sentences in paragraphs of several.
    :raises EmptyTextError: the text has no visible character.
    """
    document = segment(source)
    if not document.paragraphs:
        raise EmptyTextError
    predictions = bundle.classify_document(document.inputs())
    spans = None
    if sentences:
        asked = list(document_sentences(document))
        judged = bundle.classify([sentence.context for sentence in asked])
        spans = label_spans(asked, judged, bundle.manifest.sentence_transitions)
    return outline_answer(document, predictions, spans)
