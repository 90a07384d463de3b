"""Paragraph and context to token ids: one encoding for training and serving.

A lone paragraph is ``[CLS] text [SEP]``. With context it is a pair, ``[CLS] context [SEP] text [SEP]``, where the
context is the headings above the paragraph, the end of the paragraph before and the beginning of the one after, each
within its own budget of tokens. A paragraph that does not fit is scored by several overlapping windows, never cut.

A sentence inside a paragraph stays where it stands: the sentences around it are there too, but only the sentence itself
bears the second segment id, which asks for its own function.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from service.core.errors import BundleError, EmptyTextError
from service.core.text import normalize

_N_CHARACTERS = 8  # of one token, at most
_FAR = 256 * _N_CHARACTERS  # characters; no budget of tokens around a sentence is that large


@dataclass(frozen=True)
class ParagraphInput:
    """A paragraph to score, or sentences of one, with what stands around it.

    :ivar text: the paragraph itself, as typed.
    :ivar headings: headings above it, outermost first.
    :ivar before: text of the paragraph before, or empty.
    :ivar after: text of the paragraph after, or empty.
    :ivar preceding: of a sentence, the text of the same paragraph before it.
    :ivar following: of a sentence, the text of the same paragraph after it.
    """

    text: str
    headings: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    preceding: str = ""
    following: str = ""

    def stretch(self, start: int, end: int) -> "ParagraphInput":
        """A part of the text, by code points, where it stands in its paragraph.

        Of what surrounds it no more is kept than the encoder may read, or a long paragraph of many sentences would be
        there as often as it has sentences.
        """
        before, own, after = self.text[max(0, start - _FAR) : start], self.text[start:end], self.text[end : end + _FAR]
        return replace(
            self, text=own, preceding=(self.preceding + before)[-_FAR:], following=(after + self.following)[:_FAR]
        )


@dataclass(frozen=True)
class Window:
    """One model input: token ids and segment ids, both *shape* ``(n_tokens,)``, int64."""

    ids: np.ndarray
    segments: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class EncodedParagraph:
    """All windows of one paragraph.

    :ivar windows: at least one.
    :ivar n_tokens: tokens of the paragraph itself, without context and special tokens.
    """

    windows: tuple[Window, ...]
    n_tokens: int


@dataclass(frozen=True)
class EncodingConfig:
    """Budgets in tokens; they travel in the manifest.

    :ivar max_tokens: longest model input, special tokens included.
    :ivar n_heading_tokens: budget of all headings together; the innermost are kept.
    :ivar n_before_tokens: the last tokens of the paragraph before.
    :ivar n_after_tokens: the first tokens of the paragraph after.
    :ivar n_preceding_tokens: of a sentence, the last tokens of its paragraph before it.
    :ivar n_following_tokens: of a sentence, the first tokens of its paragraph after it.
    :ivar n_overlap_tokens: tokens that neighbouring windows share.
    """

    max_tokens: int = 384
    n_heading_tokens: int = 32
    n_before_tokens: int = 24
    n_after_tokens: int = 16
    n_preceding_tokens: int = 96
    n_following_tokens: int = 64
    n_overlap_tokens: int = 48


@dataclass(frozen=True)
class Encoder:
    """Turns paragraphs into windows of token ids.

    The tokenizer is never given truncation or padding, so one encoder may serve several threads.
    """

    tokenizer: Tokenizer
    cls_id: int
    sep_id: int
    config: EncodingConfig = field(default_factory=EncodingConfig)

    @classmethod
    def from_file(cls, path: Path, config: EncodingConfig | None = None) -> "Encoder":
        """Load ``tokenizer.json``.

        :raises BundleError: the file is missing or is no tokenizer, or lacks ``[CLS]`` or ``[SEP]``.
        """
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise BundleError(f"{path} 不是可用的 tokenizer.json:{error}") from error
        return cls.from_tokenizer(tokenizer, config)

    @classmethod
    def from_tokenizer(cls, tokenizer: Tokenizer, config: EncodingConfig | None = None) -> "Encoder":
        """Wrap a tokenizer, whose own truncation and padding are switched off.

        :raises BundleError: it lacks ``[CLS]`` or ``[SEP]``, as every BERT tokenizer has them.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        cls_id, sep_id = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        if cls_id is None or sep_id is None:
            raise BundleError("tokenizer.json 缺少特殊符号 [CLS] 或 [SEP]:请用 BERT 类模型的 tokenizer")
        return cls(tokenizer, cls_id, sep_id, config or EncodingConfig())

    def _ids(self, text: str) -> list[int]:
        normal = normalize(text)
        if not normal:
            return []
        (encoding,) = self.tokenizer.encode_batch_fast([normal], add_special_tokens=False)  # fast: without offsets
        return encoding.ids

    def _last(self, text: str, n: int) -> list[int]:
        """The last ``n`` tokens; no more text is tokenised than may hold them."""
        return self._ids(text[-_N_CHARACTERS * n :])[-n:] if text else []

    def _first(self, text: str, n: int) -> list[int]:
        """The first ``n`` tokens, likewise."""
        return self._ids(text[: _N_CHARACTERS * n])[:n] if text else []

    def _context_ids(self, paragraph: ParagraphInput) -> list[int]:
        """Headings, end of the text before, beginning of the text after, joined by ``[SEP]``; empty if all are."""
        headings: list[int] = []
        for heading in reversed(paragraph.headings):  # no more than the innermost that fill the budget
            if len(headings) >= self.config.n_heading_tokens:
                break
            headings = self._ids(heading[-_N_CHARACTERS * self.config.n_heading_tokens :]) + headings
        before = self._last(paragraph.before, self.config.n_before_tokens)
        after = self._first(paragraph.after, self.config.n_after_tokens)
        if not (headings or before or after):
            return []
        return [
            *headings[-self.config.n_heading_tokens :],
            self.sep_id,
            *before,
            self.sep_id,
            *after,
        ]

    def encode(self, paragraph: ParagraphInput) -> EncodedParagraph:
        """Encode one paragraph.

        :raises EmptyTextError: nothing is left of the text after normalisation.
        """
        own = self._ids(paragraph.text)
        if not own:
            raise EmptyTextError
        context = self._context_ids(paragraph)
        prefix = [self.cls_id, *context, self.sep_id] if context else [self.cls_id]
        room = self.config.max_tokens - len(prefix) - 1
        third = room // 3  # a small model keeps room for the sentence itself
        preceding = self._last(paragraph.preceding, min(self.config.n_preceding_tokens, third))
        following = self._first(paragraph.following, min(self.config.n_following_tokens, third))
        room -= len(preceding) + len(following)
        windows = []
        for start, end in window_spans(len(own), room, self.config.n_overlap_tokens):
            ids = [*prefix, *preceding, *own[start:end], *following, self.sep_id]
            segments = np.zeros(len(ids), dtype=np.int64)
            if context or preceding or following:
                first = len(prefix) + len(preceding)
                segments[first : first + end - start] = 1
                segments[-1] = 1
            windows.append(Window(np.asarray(ids, dtype=np.int64), segments))
        return EncodedParagraph(tuple(windows), len(own))


def window_spans(n_tokens: int, room: int, n_overlap: int) -> list[tuple[int, int]]:
    """Spread the fewest windows evenly over a text, each at most ``room`` long, sharing at least ``n_overlap``.

    :raises ValueError: the room does not exceed the overlap.
    """
    if room <= n_overlap:
        raise ValueError(f"room for {room} tokens does not exceed the overlap of {n_overlap}")
    if n_tokens <= room:
        return [(0, n_tokens)]
    n_windows = math.ceil((n_tokens - n_overlap) / (room - n_overlap))
    starts = np.linspace(0, n_tokens - room, n_windows).round().astype(int)
    return [(int(start), int(start) + room) for start in starts]


def plan_batches(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Group windows of like length so that longest × count stays within the budget.

    :param lengths: tokens of each window.
    :param token_budget: at least the longest window, or that window gets a batch of its own.
    :returns: indices into ``lengths``, each exactly once, longest batch first.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= token_budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def pad(windows: Sequence[Window], pad_id: int = 0) -> dict[str, np.ndarray]:
    """Pad windows to the longest: ``input_ids``, ``attention_mask`` and ``token_type_ids``.

    :returns: arrays of *shape* ``(n_windows, n_tokens)``, int64.
    """
    shape = (len(windows), max(map(len, windows)))
    batch = {
        "input_ids": np.full(shape, pad_id, dtype=np.int64),
        "attention_mask": np.zeros(shape, dtype=np.int64),
        "token_type_ids": np.zeros(shape, dtype=np.int64),
    }
    for row, window in enumerate(windows):
        batch["input_ids"][row, : len(window)] = window.ids
        batch["attention_mask"][row, : len(window)] = 1
        batch["token_type_ids"][row, : len(window)] = window.segments
    return batch
