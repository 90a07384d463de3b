"""Labelled paragraphs as model inputs, made through the same core modules that serve them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from service.core.encode import EncodedParagraph, Encoder, ParagraphInput, pad
from service.core.labels import LABEL_IDS
from service.core.segment import with_context
from service.core.sentences import split_sentences
from service.core.spans import sentence_spans
from training.data.mixed import MixedParagraph
from training.data.schema import LabelledParagraph, by_document, character_labels


@dataclass(frozen=True)
class Example:
    """One paragraph with its context and its target.

    :ivar target: probability of each label, *shape* ``(n_labels,)``, float32, summing to 1.
    :ivar does_one_thing: every part of it has the same target.
    """

    paragraph: ParagraphInput
    target: np.ndarray
    label: str
    does_one_thing: bool = True


def examples(rows: Sequence[LabelledParagraph], secondary_share: float = 0.2) -> list[Example]:
    """Turn labelled rows into examples, with the context that serving would give them.

    :param secondary_share: probability given to the secondary label where there is one.
    """
    return [
        Example(paragraph, _target(row, secondary_share), row.label, row.segments is None and row.secondary is None)
        for row, paragraph in _in_context(rows)
    ]


def _in_context(rows: Sequence[LabelledParagraph]) -> Iterator[tuple[LabelledParagraph, ParagraphInput]]:
    for document in by_document(rows):
        yield from zip(document, with_context([row.text for row in document]), strict=True)


def sentence_examples(rows: Sequence[LabelledParagraph], mixed: Sequence[MixedParagraph] = ()) -> list[list[Example]]:
    """For each paragraph that mixes functions its sentences, where they stand in it.

    :param rows: only those with segments count.
    """
    pairs = [(paragraph, row.segments) for row, paragraph in _in_context(rows) if row.segments]
    pairs += [(ParagraphInput(row.text, tuple(row.headings)), row.segments) for row in mixed]
    result = []
    for paragraph, segments in pairs:
        labels = character_labels(segments)
        result.append(
            [
                Example(paragraph.stretch(start, end), _one_hot(labels[start]), labels[start])
                for start, end in sentence_spans(paragraph.text)
            ]
        )
    return result


def _one_hot(label: str) -> np.ndarray:
    target = np.zeros(len(LABEL_IDS), dtype=np.float32)
    target[LABEL_IDS.index(label)] = 1.0
    return target


def _target(row: LabelledParagraph, secondary_share: float) -> np.ndarray:
    if row.scores is not None:
        scores = np.asarray([row.scores[label] for label in LABEL_IDS], dtype=np.float32)
        return np.asarray(scores / scores.sum())
    target = _one_hot(row.label)
    if row.secondary:
        target[LABEL_IDS.index(row.label)] -= secondary_share
        target[LABEL_IDS.index(row.secondary)] = secondary_share
    return target


def without_context(paragraph: ParagraphInput) -> ParagraphInput:
    """The same paragraph alone."""
    return ParagraphInput(paragraph.text)


def drop_context(paragraph: ParagraphInput, rng: random.Random, drop_all: float, drop_part: float) -> ParagraphInput:
    """Context dropout: forget all context, or single parts of it, so that a lone paragraph is scored well too."""
    if rng.random() < drop_all:
        return without_context(paragraph)
    return replace(
        paragraph,
        headings=() if rng.random() < drop_part else paragraph.headings,
        before="" if rng.random() < drop_part else paragraph.before,
        after="" if rng.random() < drop_part else paragraph.after,
        preceding="" if rng.random() < drop_part else paragraph.preceding,
        following="" if rng.random() < drop_part else paragraph.following,
    )


def crop_to_sentences(paragraph: ParagraphInput, rng: random.Random) -> ParagraphInput:
    """A run of the paragraph's sentences where it stands; the whole if it has but one.

    Short passages and single sentences of paragraphs are then no strangers to the model.
    """
    spans = split_sentences(paragraph.text)
    if len(spans) < 2:
        return paragraph
    n_kept = rng.randint(1, len(spans) - 1)
    first = rng.randint(0, len(spans) - n_kept)
    (start, _), (_, end) = spans[first], spans[first + n_kept - 1]
    return paragraph.stretch(start, end)


class TrainingWindows(torch.utils.data.Dataset[dict[str, Any]]):
    """One randomly chosen window of each example, drawn anew each time it is read."""

    def __init__(
        self,
        items: Sequence[Example],
        encoder: Encoder,
        *,
        drop_all: float,
        drop_part: float,
        seed: int,
        crop_share: float = 0.0,
    ) -> None:
        self.items, self.encoder, self.crop_share = items, encoder, crop_share
        self.drop_all, self.drop_part = drop_all, drop_part
        self.rng = random.Random(seed)
        self.lengths = [len(encoder.encode(item.paragraph).windows[0]) for item in items]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = self.items[index]
        crop = item.does_one_thing and self.rng.random() < self.crop_share
        shown = crop_to_sentences(item.paragraph, self.rng) if crop else item.paragraph
        paragraph = drop_context(shown, self.rng, self.drop_all, self.drop_part)
        window = self.rng.choice(self.encoder.encode(paragraph).windows)
        return {"window": window, "labels": item.target}


class EvaluationWindows(torch.utils.data.Dataset[dict[str, Any]]):
    """Every window of every example, short ones first, so that batches pad little.

    :ivar encoded: the windows of each example, in the order of the examples.
    """

    def __init__(self, items: Sequence[Example], encoder: Encoder) -> None:
        self.items = items
        self.encoded: list[EncodedParagraph] = [encoder.encode(item.paragraph) for item in items]
        self._flat = [
            (window, item.target)
            for item, paragraph in zip(items, self.encoded, strict=True)
            for window in paragraph.windows
        ]
        self._order = np.argsort([len(window) for window, _ in self._flat], kind="stable")

    def __len__(self) -> int:
        return len(self._flat)

    def __getitem__(self, index: int) -> dict[str, Any]:
        window, target = self._flat[self._order[index]]
        return {"window": window, "labels": target}

    def in_reading_order(self, logits: np.ndarray) -> np.ndarray:
        """Rows of logits, *shape* ``(n_windows, n_labels)``, as ``encoded`` counts the windows."""
        result = np.empty_like(logits)
        result[self._order] = logits
        return result


@dataclass(frozen=True)
class WindowCollator:
    """Pads windows as the predictor does and stacks the targets."""

    pad_id: int

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        padded = pad([item["window"] for item in items], self.pad_id)
        batch = {name: torch.from_numpy(values) for name, values in padded.items()}
        batch["labels"] = torch.from_numpy(np.stack([item["labels"] for item in items]))
        return batch
