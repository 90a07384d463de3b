"""How much of mixed paragraphs the spans of sentences give the right function, by characters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.core.bundle import Bundle
from service.outline import outline_document
from training.data.mixed import MixedParagraph
from training.metrics import Interval


@dataclass(frozen=True)
class JudgedParagraph:
    """A mixed paragraph and what the model says of each of its characters.

    :ivar spans: label of each character by the spans of sentences.
    :ivar whole: label of the paragraph as a whole, the baseline.
    """

    gold: MixedParagraph
    spans: list[str]
    whole: str

    @property
    def n_right(self) -> int:
        """Characters with the right function."""
        return sum(own == gold for own, gold in zip(self.spans, self.gold.labels(), strict=True))


def judge(bundle: Bundle, rows: Sequence[MixedParagraph]) -> list[JudgedParagraph]:
    """Outline each paragraph under its headings, as a file that holds nothing else."""
    judged = []
    for row in rows:
        answer = outline_document(bundle, "\n".join([*row.headings, row.text]), sentences=True)
        paragraph = answer["paragraphs"][-1]
        spans = paragraph["spans"] or [paragraph]
        labels = [span["label"] for span in spans for _ in range(span["end"] - span["start"])]
        judged.append(JudgedParagraph(row, labels, paragraph["label"]))
    return judged


def character_accuracy(judged: Sequence[JudgedParagraph], n_draws: int = 1000, seed: int = 0) -> Interval:
    """Share of characters with the right function, with an interval from resampling paragraphs."""
    right = np.asarray([item.n_right for item in judged])
    total = np.asarray([len(item.spans) for item in judged])
    draws = np.random.default_rng(seed).integers(0, len(judged), (n_draws, len(judged)))
    shares = right[draws].sum(axis=1) / total[draws].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return Interval(float(right.sum() / total.sum()), float(low), float(high))


def whole_paragraph_accuracy(judged: Sequence[JudgedParagraph]) -> float:
    """The share that a single label for each paragraph would get right."""
    right = sum(label == item.whole for item in judged for label in item.gold.labels())
    return right / sum(len(item.spans) for item in judged)
