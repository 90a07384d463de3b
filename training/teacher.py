"""A teacher for unlabelled speeches: linear models over several views of a paragraph, and earlier students.

Knowledge distillation (Hinton et al. 2015): the teacher's probabilities on plain speeches are the targets of a first
stage of fine-tuning, before the labelled set. A linear model over character n-grams knows rare wording that a small
encoder sees too seldom; the encoder adds context.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS
from service.core.segment import with_context
from service.core.text import normalize
from training.data.schema import LabelledParagraph
from training.dataset import Example

_N_VIEW_CHARACTERS = 60

View = Callable[[ParagraphInput], str]


def _text(paragraph: ParagraphInput) -> str:
    return normalize(paragraph.text)


def _headings(paragraph: ParagraphInput) -> str:
    return " ".join(map(normalize, paragraph.headings[-2:]))


def _before(paragraph: ParagraphInput) -> str:
    return normalize(paragraph.before)[-_N_VIEW_CHARACTERS:]


def _after(paragraph: ParagraphInput) -> str:
    return normalize(paragraph.after)[:_N_VIEW_CHARACTERS]


# Each teacher sees the paragraph itself and, at half the weight, more of what stands around it.
VIEWS: tuple[dict[View, float], ...] = (
    {_text: 1.0},
    {_text: 1.0, _headings: 0.5},
    {_text: 1.0, _headings: 0.5, _before: 0.3, _after: 0.3},
)


class LinearTeacher:
    """TF-IDF of character n-grams of several views with balanced logistic regression (scikit-learn)."""

    def __init__(self, views: dict[View, float], train: Sequence[Example]) -> None:
        self.views = views
        self.vectorizers = {
            view: TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True).fit(
                [view(item.paragraph) for item in train]
            )
            for view in views
        }
        self.regression = LogisticRegression(C=20, max_iter=400, class_weight="balanced")
        self.regression.fit(self._features([item.paragraph for item in train]), [item.label for item in train])

    def _features(self, paragraphs: Sequence[ParagraphInput]) -> sparse.csr_matrix:
        columns = [
            self.vectorizers[view].transform([view(paragraph) for paragraph in paragraphs]) * weight
            for view, weight in self.views.items()
        ]
        return sparse.hstack(columns).tocsr()

    def scores(self, paragraphs: Sequence[ParagraphInput]) -> np.ndarray:
        """Probabilities in the order of the taxonomy, *shape* ``(n_paragraphs, n_labels)``, float64."""
        found = self.regression.predict_proba(self._features(paragraphs))
        scores = np.zeros((len(paragraphs), len(LABEL_IDS)))
        scores[:, [LABEL_IDS.index(label) for label in self.regression.classes_]] = found
        return scores


@dataclass(frozen=True)
class Teacher:
    """The mean of linear teachers and of earlier models.

    :ivar models: each counts as much as all linear teachers together.
    """

    linear: Sequence[LinearTeacher]
    models: Sequence[Bundle] = ()

    @classmethod
    def train(cls, items: Sequence[Example], models: Iterable[Path] = ()) -> "Teacher":
        """Fit one linear teacher to each view.

        :param models: model directories of earlier students.
        """
        return cls([LinearTeacher(views, items) for views in VIEWS], [Bundle.load(model) for model in models])

    def scores(self, paragraphs: Sequence[ParagraphInput]) -> np.ndarray:
        """Mean probabilities in the order of the taxonomy, *shape* ``(n_paragraphs, n_labels)``, float64."""
        parts = [np.mean([teacher.scores(paragraphs) for teacher in self.linear], axis=0)]
        parts += [
            np.asarray([[dict(p.scores)[label] for label in LABEL_IDS] for p in model.classify(paragraphs)])
            for model in self.models
        ]
        return np.asarray(np.mean(parts, axis=0))

    def label_documents(
        self, documents: Sequence[Sequence[str]], n_paragraphs: int, seed: int = 0
    ) -> list[LabelledParagraph]:
        """Label whole documents in random order until ``n_paragraphs`` are reached.

        :param documents: paragraphs of each document.
        """
        order = random.Random(seed).sample(range(len(documents)), len(documents))
        chosen: list[int] = []
        total = 0
        for index in order:
            if total >= n_paragraphs:
                break
            chosen.append(index)
            total += len(documents[index])
        inputs = [paragraph for index in chosen for paragraph in with_context(documents[index])]
        places = [(index, position) for index in chosen for position in range(len(documents[index]))]
        rows = []
        for (index, position), paragraph, scores in zip(places, inputs, self.scores(inputs), strict=True):
            rows.append(
                LabelledParagraph(
                    id=f"u{index}-{position}",
                    document=f"u{index}",
                    field="unlabelled",
                    text=paragraph.text,
                    label=LABEL_IDS[int(scores.argmax())],
                    scores={label: round(float(s), 4) for label, s in zip(LABEL_IDS, scores, strict=True)},
                )
            )
        return rows
