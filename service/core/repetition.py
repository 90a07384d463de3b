"""Paragraphs of one document that repeat an earlier one, word for word or nearly.

Likeness is the Jaccard index of the sets of character 4-grams after normalisation (Broder 1997), computed exactly over
an inverted index that holds each wording once and a bounded number of paragraphs for each 4-gram, so that a text
made of one sentence does not take the square of its length.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from service.core.text import normalize

_N_GRAM = 4
_FEWEST_CHARACTERS = 12  # shorter lines, "谢谢大家!" say, recur without having been copied
_LEAST_LIKENESS = 0.7
_MOST_HOLDERS = 200  # of one 4-gram


@dataclass(frozen=True)
class Repetition:
    """That a paragraph repeats an earlier one.

    :ivar of: index of the earlier paragraph that is most like it.
    :ivar likeness: Jaccard index of their 4-grams, from 0.7 to 1.
    """

    of: int
    likeness: float


def find_repetitions(texts: Sequence[str]) -> list[Repetition | None]:
    """For each paragraph, which earlier one it repeats.

    :param texts: paragraphs in reading order.
    """
    found: list[Repetition | None] = []
    holders: defaultdict[str, list[int]] = defaultdict(list)
    first: dict[str, int] = {}
    sizes: list[int] = []
    for i, text in enumerate(texts):
        normal = normalize(text)
        grams = {normal[at : at + _N_GRAM] for at in range(len(normal) - _N_GRAM + 1)}
        sizes.append(len(grams))
        if len(normal) < _FEWEST_CHARACTERS:
            found.append(None)
            continue
        if (same := first.setdefault(normal, i)) != i:
            found.append(Repetition(same, 1.0))
            continue
        shared = Counter(earlier for gram in grams for earlier in holders[gram])
        likeness = {earlier: n / (len(grams) + sizes[earlier] - n) for earlier, n in shared.items()}
        best = max(likeness, key=lambda earlier: (likeness[earlier], -earlier), default=None)
        alike = best is not None and likeness[best] >= _LEAST_LIKENESS
        found.append(Repetition(best, likeness[best]) if best is not None and alike else None)
        for gram in grams:
            if len(holders[gram]) < _MOST_HOLDERS:
                holders[gram].append(i)
    return found
