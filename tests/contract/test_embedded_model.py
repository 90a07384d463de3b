"""The model that ships: complete, small, and sane on sentences anyone would agree on."""

import pytest

from service.core.bundle import Bundle, verify_files
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS
from service.core.segment import with_context


def test_every_file_is_as_the_manifest_says(embedded: Bundle) -> None:
    verify_files(embedded.directory, embedded.manifest, tuple(embedded.manifest.files))
    names = {"config.json", "tokenizer.json", "model.safetensors", "onnx/model.onnx", "onnx/model_quantized.onnx"}
    assert names <= set(embedded.manifest.files)


def test_it_is_small_enough_for_git(embedded: Bundle) -> None:
    sizes = {p.name: p.stat().st_size for p in embedded.directory.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < 80e6
    assert sizes["model_quantized.onnx"] < 30e6


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("同志们:", "opening"),
        ("三、加强组织领导", "structure"),
        ("在此,我代表镇党委、镇政府,向受到表彰的先进集体和先进个人表示热烈的祝贺!", "commendation"),
        ("小编为大家整理了本文,欢迎阅读参考。", "other"),
        ("同志们,让我们携起手来,鼓足干劲,为夺取全年工作的新胜利而努力奋斗!", "exhortation"),
    ],
)
def test_plain_cases(embedded: Bundle, text: str, label: str) -> None:
    [prediction] = embedded.classify([ParagraphInput(text)])
    assert prediction.label == label


def test_int8_agrees_with_float(embedded: Bundle, labelled) -> None:
    chosen = with_context([row.text for row in labelled[:200]])
    exact = Bundle.load(embedded.directory, "fp32").classify(chosen)
    small = embedded.classify(chosen)
    flips = sum(a.label != b.label for a, b in zip(exact, small, strict=True))
    assert flips <= 0.01 * len(chosen)


def test_transformers_loads_the_same_folder_and_agrees(embedded: Bundle) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    text = "要抓好春耕备耕,落实责任。"
    tokenizer = AutoTokenizer.from_pretrained(embedded.directory)
    model = AutoModelForSequenceClassification.from_pretrained(embedded.directory, dtype=torch.float32).eval()
    assert [model.config.id2label[i] for i in range(len(LABEL_IDS))] == list(LABEL_IDS)
    inputs = tokenizer(text, return_tensors="pt")
    assert inputs["input_ids"][0].tolist() == embedded.encoder.encode(ParagraphInput(text)).windows[0].ids.tolist()
    with torch.no_grad():
        reference = dict(zip(LABEL_IDS, model(**inputs).logits[0].tolist(), strict=True))
    [prediction] = Bundle.load(embedded.directory, "fp32").classify([ParagraphInput(text)])
    for label, logit in prediction.raw_scores:
        assert logit == pytest.approx(reference[label], abs=1e-3)
