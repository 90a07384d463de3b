"""Sentences of one paragraph, with their offsets."""

import re

# A full stop, ! ? ; or an ellipsis, full-width or not, with the closing marks after it; ; parts items of a list.
_END = re.compile("[\u3002\uff01\uff1f\uff1b\u2026!?;]+[\u201d\u2019\u300d\u300f\uff09\u3011\u300b\"')]*|[\n\r]+")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, end exclusive; together they cover the text without gaps.

    :param text: one paragraph; white space goes with the sentence before it.
    :returns: at least one span unless the text is empty.
    """
    cuts = [match.end() for match in _END.finditer(text)]
    starts = [0, *cuts]
    spans = [(start, end) for start, end in zip(starts, [*cuts, len(text)], strict=True) if start < end]
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and not text[start:end].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
