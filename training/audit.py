"""Label audit: which labels of a set speak against all the others (confident learning, Northcutt et al. 2021).

The probabilities come from linear teachers that have not seen the document; the ``cleanlab`` library weighs them
against each label's own average confidence. What it finds is a list to read, not to believe: a rare turn of phrase
looks like an error to a linear model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.model_selection import GroupKFold

from service.core.labels import LABEL_IDS
from training.data.schema import LabelledParagraph
from training.dataset import examples
from training.teacher import VIEWS, LinearTeacher


@dataclass(frozen=True)
class Suspect:
    """A label to look at again.

    :ivar suggested: what the teachers would say.
    :ivar quality: their probability of the label given, from 0 to 1.
    """

    row: LabelledParagraph
    suggested: str
    quality: float


def out_of_fold_scores(rows: Sequence[LabelledParagraph], n_folds: int = 5) -> np.ndarray:
    """Probabilities from teachers that were trained on other documents, *shape* ``(n_rows, n_labels)``, float64.

    :raises ValueError: there are fewer documents than folds.
    """
    items = examples(rows)
    scores = np.zeros((len(rows), len(LABEL_IDS)))
    documents = [row.document for row in rows]
    for train, test in GroupKFold(n_folds).split(documents, groups=documents):
        teacher = LinearTeacher(VIEWS[-1], [items[i] for i in train])
        scores[test] = teacher.scores([items[i].paragraph for i in test])
    return scores


def suspects(rows: Sequence[LabelledParagraph], scores: np.ndarray) -> list[Suspect]:
    """Rows whose label is probably wrong, the most doubtful first.

    :param scores: of each row, as :func:`out_of_fold_scores` gives them.
    """
    labels = np.asarray([LABEL_IDS.index(row.label) for row in rows])
    found = find_label_issues(labels, scores, return_indices_ranked_by="self_confidence", n_jobs=1)
    quality = get_label_quality_scores(labels, scores)
    return [Suspect(rows[i], LABEL_IDS[int(scores[i].argmax())], float(quality[i])) for i in found]
