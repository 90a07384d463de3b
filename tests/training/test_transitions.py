import numpy as np
import pytest

from service.core.labels import LABEL_IDS
from training.data.mixed import MixedParagraph
from training.data.schema import LabelledParagraph
from training.dataset import sentence_examples
from training.transitions import count_sentence_transitions, count_transitions, fit_strength


def document(name: str, *labels: str) -> list[LabelledParagraph]:
    return [
        LabelledParagraph(id=f"{name}-{i}", document=name, text="好", label=label) for i, label in enumerate(labels)
    ]


ROWS = [row for i in range(30) for row in document(f"d{i}", "opening", "task", "task", "exhortation")]


def test_frequencies_are_counted_with_their_ends() -> None:
    counted = count_transitions(ROWS)
    index = {label: i for i, label in enumerate(LABEL_IDS)}
    assert np.exp(counted.first[index["opening"]]) > 0.8
    assert np.exp(counted.last[index["exhortation"]]) > 0.8
    assert np.exp(counted.following[index["task"]][index["task"]]) == pytest.approx(30.5 / 66, abs=1e-3)
    for row, end in zip(counted.following, counted.last, strict=True):
        assert np.exp([*row, end]).sum() == pytest.approx(1, abs=1e-3)
    assert np.exp(counted.first).sum() < 1  # an empty document keeps its half count


def test_sentences_are_counted_inside_mixed_paragraphs_only() -> None:
    assert count_sentence_transitions(sentence_examples(ROWS)) is None
    mixed = MixedParagraph(field="x", headings=[], segments=[("summary", "做了。很好。"), ("problem", "差。")])
    counted = count_sentence_transitions(sentence_examples(ROWS, [mixed] * 20))
    assert counted is not None
    index = {label: i for i, label in enumerate(LABEL_IDS)}
    following = np.exp(counted.following)
    assert following[index["summary"], index["problem"]] == pytest.approx(20.5 / 46, abs=1e-3)
    assert following[index["summary"], index["summary"]] == pytest.approx(20.5 / 46, abs=1e-3)
    assert 0 < counted.strength <= 1


def test_the_strength_grows_with_how_much_order_helps() -> None:
    counted = count_transitions(ROWS)
    gold = np.asarray([LABEL_IDS.index(row.label) for row in ROWS[:4]])
    rng = np.random.default_rng(0)
    vague = [(rng.dirichlet(np.ones(len(LABEL_IDS)), 4), gold) for _ in range(20)]
    disorder = np.asarray([LABEL_IDS.index(label) for label in ("exhortation", "opening", "exhortation", "opening")])
    backwards = [(p, disorder) for p, _ in vague]
    assert fit_strength(counted, vague).strength > 0.9
    assert fit_strength(counted, backwards).strength < 0.1
    with pytest.raises(ValueError, match="no labelled document"):
        fit_strength(counted, [])
