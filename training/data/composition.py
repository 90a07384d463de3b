"""How a labelled set is spread: counts by label and by cell of the grid, and how varied its wording is."""

from collections import Counter
from collections.abc import Sequence

from service.core.labels import LABEL_IDS
from service.core.text import normalize
from training.data.schema import AuthoredDocument, LabelledParagraph
from training.data.split import near_duplicate_pairs


def distinct_share(rows: Sequence[LabelledParagraph], n: int = 4, n_characters: int = 100_000) -> float:
    """Share of different character n-grams among all n-grams of the first ``n_characters`` (Li et al. 2016).

    The length is fixed because the share falls with it; texts are compared at the same length only.
    """
    text = "".join(normalize(row.text) for row in rows)[:n_characters]
    grams = [text[i : i + n] for i in range(len(text) - n + 1)]
    return len(set(grams)) / max(len(grams), 1)


def composition(
    rows: Sequence[LabelledParagraph], documents: Sequence[AuthoredDocument], compared: Sequence[LabelledParagraph] = ()
) -> str:
    """The composition as Markdown.

    :param compared: rows of another set, real speeches say, to set the variety of wording beside.
    """
    labels = Counter(row.label for row in rows)
    secondary = sum(row.secondary is not None for row in rows)
    n_characters = sum(len(row.text) for row in rows)

    def spread(name: str) -> str:
        counts = Counter(str(getattr(document, name)) for document in documents)
        return f"{len(counts)}: " + ", ".join(f"{value} {n}" for value, n in counts.most_common())

    lines = [
        f"{len(documents)} documents, {len(rows)} paragraphs, {n_characters} characters; "
        f"{secondary} paragraphs carry a secondary label.",
        "",
        "| label | paragraphs |",
        "|---|---|",
        *(f"| {label} | {labels[label]} |" for label in LABEL_IDS),
        "",
        *(f"- {name}: {spread(name)}" for name in ("level", "occasion", "style", "field")),
        f"- near-duplicate pairs (Jaccard 0.7 over character 5-grams): {len(near_duplicate_pairs(rows))}",
        f"- distinct character 4-grams in the first 100,000 characters: {distinct_share(rows):.3f}"
        + (f" (the compared set: {distinct_share(compared):.3f})" if compared else ""),
    ]
    return "\n".join(lines)
