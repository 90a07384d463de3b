"""Corpora of plain text: one paragraph a line, a blank line between documents, optionally xz-compressed.

Labelled JSONL is read for its text alone, so that pretraining sees the kind of speech that fine-tuning will label
(task-adaptive pretraining, Gururangan et al. 2020).
"""

import hashlib
import lzma
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.core.text import normalize
from training.data.schema import by_document, read_labelled

SUFFIXES = (".txt", ".txt.xz")
_SHORTEST_DEDUPLICATED = 20


@dataclass(frozen=True)
class Source:
    """A file or folder of text and how often its documents are seen in one epoch.

    A weight of 3 shows every document three times; 0.5 shows a random half of them once.
    """

    path: Path
    weight: float = 1.0

    @classmethod
    def parse(cls, argument: str) -> "Source":
        """Read ``PATH`` or ``PATH=WEIGHT``.

        :raises ValueError: the path does not exist or the weight is not a positive number.
        """
        name, separator, weight = argument.rpartition("=")
        if not separator:
            name, weight = argument, "1"
        path = Path(name)
        if not path.exists():
            raise ValueError(f"corpus {name}: no such file or folder")
        try:
            value = float(weight)
        except ValueError:
            raise ValueError(f"corpus {argument}: the weight {weight!r} is not a number") from None
        if not value > 0:
            raise ValueError(f"corpus {argument}: the weight must be greater than 0")
        return cls(path, value)

    def files(self) -> list[Path]:
        """The text files of this source, sorted.

        :raises ValueError: there is none.
        """
        found = (
            [self.path] if self.path.is_file() else sorted(p for p in self.path.rglob("*") if p.name.endswith(SUFFIXES))
        )
        if not found:
            raise ValueError(f"corpus {self.path}: no file that ends in {' or '.join(SUFFIXES)}")
        return found


def _lines(path: Path) -> Iterator[str]:
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield from lines


def read_documents(path: Path) -> Iterator[list[str]]:
    """Yield each document as its normalised, non-empty paragraphs.

    :raises LabelledFileError: a labelled JSONL file is not valid.
    """
    if path.suffix == ".jsonl":
        for document in by_document(read_labelled(path)):
            yield [normalize(row.text) for row in document]
        return
    paragraphs: list[str] = []
    for line in _lines(path):
        if not line.strip():
            if paragraphs:
                yield paragraphs
            paragraphs = []
        elif paragraph := normalize(line):
            paragraphs.append(paragraph)
    if paragraphs:
        yield paragraphs


def sample_documents(sources: Iterable[Source], seed: int = 0) -> Iterator[list[str]]:
    """Yield the documents of all sources by weight, with repeated paragraphs (20 characters or more) taken out.

    A document of weight ``w`` appears ``floor(w)`` times and once more with the probability of the remainder.
    """
    rng = random.Random(seed)
    seen: set[bytes] = set()
    for source in sources:
        for path in source.files():
            for paragraphs in read_documents(path):
                kept = []
                for paragraph in paragraphs:
                    if len(paragraph) >= _SHORTEST_DEDUPLICATED:
                        digest = hashlib.blake2b(paragraph.encode(), digest_size=8).digest()
                        if digest in seen:
                            continue
                        seen.add(digest)
                    kept.append(paragraph)
                n_copies = int(source.weight) + (rng.random() < source.weight % 1)
                for _ in range(n_copies if kept else 0):
                    yield kept
