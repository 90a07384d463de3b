"""What a model must beat: TF-IDF of character n-grams with logistic regression, and the majority label."""

from collections import Counter
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from service.core.text import normalize
from training.data.schema import LabelledParagraph


def majority(train: Sequence[LabelledParagraph], test: Sequence[LabelledParagraph]) -> list[str]:
    """The most frequent label of ``train`` for every row of ``test``."""
    label, _ = Counter(row.label for row in train).most_common(1)[0]
    return [label] * len(test)


def tfidf_logistic(train: Sequence[LabelledParagraph], test: Sequence[LabelledParagraph]) -> list[str]:
    """Labels from TF-IDF of character 1- to 4-grams and balanced logistic regression (scikit-learn)."""
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=300_000),
        LogisticRegression(C=20, max_iter=400, class_weight="balanced"),
    )
    pipeline.fit([normalize(row.text) for row in train], [row.label for row in train])
    return list(pipeline.predict([normalize(row.text) for row in test]))
