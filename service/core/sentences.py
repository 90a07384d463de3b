"""Sentences of one paragraph, with their offsets."""

import re

# A sentence ends at a stop and the closing marks after it; a semicolon parts the items of a list.
_END = re.compile(r"[。!?!?;;…]+[\u201d\u2019」』\"')\uff09】》]*|(?<=[^\d])[\n\r]+")


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
