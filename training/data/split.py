"""Split labelled paragraphs by document, near-duplicate documents on one side.

Near-duplicates are found with MinHash and locality-sensitive hashing (Broder 1997; the ``datasketch`` library) over
character 5-grams.
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from datasketch import MinHash, MinHashLSH

from service.core.text import normalize
from training.data.schema import LabelledParagraph, by_document

_SHINGLE = 5
_N_PERMUTATIONS = 128
_SHORTEST = 40


def _minhash(text: str) -> MinHash:
    signature = MinHash(num_perm=_N_PERMUTATIONS)
    signature.update_batch({text[i : i + _SHINGLE].encode() for i in range(len(text) - _SHINGLE + 1)})
    return signature


def near_duplicate_pairs(rows: Sequence[LabelledParagraph], threshold: float = 0.7) -> list[tuple[str, str]]:
    """Find pairs of paragraphs whose estimated Jaccard similarity reaches the threshold.

    Paragraphs under 40 characters are left out: headings and salutations repeat by nature.

    :returns: pairs of ids, each pair once, in reading order.
    """
    index = MinHashLSH(threshold=threshold, num_perm=_N_PERMUTATIONS)
    pairs = []
    for row in rows:
        text = normalize(row.text)
        if len(text) < _SHORTEST:
            continue
        signature = _minhash(text)
        pairs += [(str(other), row.id) for other in index.query(signature)]
        index.insert(row.id, signature)
    return pairs


def split_by_document(
    rows: Sequence[LabelledParagraph], held_out_share: float, seed: int = 0
) -> tuple[list[LabelledParagraph], list[LabelledParagraph]]:
    """Split into training and held-out rows; documents that share a near-duplicate paragraph stay together.

    :param held_out_share: share of the paragraphs to hold out, approximately.
    :returns: training rows and held-out rows, each in the order given.
    """
    document_of = {row.id: row.document for row in rows}
    parent = {row.document: row.document for row in rows}

    def root(document: str) -> str:
        while parent[document] != document:
            document = parent[document]
        return document

    for first, second in near_duplicate_pairs(rows):
        parent[root(document_of[second])] = root(document_of[first])
    clusters: dict[str, list[LabelledParagraph]] = defaultdict(list)
    for document in by_document(rows):
        clusters[root(document[0].document)] += document
    order = sorted(clusters)
    random.Random(seed).shuffle(order)
    held_out: set[str] = set()
    n_held_out = 0
    for cluster in order:
        if n_held_out >= held_out_share * len(rows):
            break
        held_out |= {row.document for row in clusters[cluster]}
        n_held_out += len(clusters[cluster])
    return (
        [row for row in rows if row.document not in held_out],
        [row for row in rows if row.document in held_out],
    )


def some_documents(rows: Sequence[LabelledParagraph], n_paragraphs: int, seed: int = 0) -> list[LabelledParagraph]:
    """Documents in random order until there are so many paragraphs; the last one may be cut.

    With the same seed a smaller number gives a part of what a larger one gives.
    """
    documents = by_document(rows)
    random.Random(seed).shuffle(documents)
    return [row for document in documents for row in document][:n_paragraphs]
