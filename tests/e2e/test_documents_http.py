"""Uploads and whole texts over a real socket."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from docx import Document

from tests.documents.samples import FILES, HEADINGS, PARAGRAPHS
from tests.servers import serving


@pytest.fixture(scope="module")
def client(tiny_directory: Path) -> Iterator[httpx.Client]:
    with serving(tiny_directory, max_upload_bytes="400000", max_pages="3") as (opened, _):
        yield opened


def upload(client: httpx.Client, name: str, data: bytes, **fields: str) -> httpx.Response:
    return client.post("/v1/documents", files={"file": (name, data)}, data=fields)


@pytest.mark.parametrize("name", ["libreoffice.docx", "libreoffice.pdf", "chromium.pdf", "source.html"])
def test_an_uploaded_file_comes_back_with_its_text(client: httpx.Client, name: str) -> None:
    answer = upload(client, name, (FILES / name).read_bytes(), title="推进会讲话").json()
    assert len(answer["paragraphs"]) == len(PARAGRAPHS)
    assert all(answer["text"][p["start"] : p["end"]] == p["text"] for p in answer["paragraphs"])
    assert [s["section"][-1] for s in answer["outline"] if s["index"] is not None][1:4] == list(HEADINGS)
    assert answer["title"] == "推进会讲话"


def test_text_files_in_old_encodings(client: httpx.Client, speech_lines: list[str]) -> None:
    text = "\n".join(speech_lines)
    answer = upload(client, "讲话.txt", text.encode("gb18030")).json()
    assert answer["text"] == text


def test_sentences_come_on_request(client: httpx.Client) -> None:
    text = "前三季度没有发生火灾。但是,有的村值班脱岗。"
    plain = client.post("/v1/documents", json={"text": text}).json()["paragraphs"][0]
    split = client.post("/v1/documents", json={"text": text, "sentences": True}).json()["paragraphs"][0]
    assert plain["spans"] is None
    assert (split["spans"][0]["start"], split["spans"][-1]["end"]) == (0, len(text))
    assert upload(client, "a.txt", text.encode(), sentences="true").json()["paragraphs"][0]["spans"] == split["spans"]


def test_repeated_paragraphs_are_marked(client: httpx.Client) -> None:
    line = "各村要在三月底前完成春耕物资储备,对缺种缺肥的农户逐户登记。"
    paragraphs = client.post("/v1/documents", json={"text": f"{line}\n今天的会议很重要。\n{line}"}).json()["paragraphs"]
    assert [p["repeats"] for p in paragraphs] == [None, None, {"index": 0, "likeness": 1.0}]


def test_markup_and_other_forms_of_answer(client: httpx.Client) -> None:
    body = {"text": "# 工作会议讲话\n\n今天开会。", "format": "md"}
    answer = client.post("/v1/documents", json=body).json()
    assert (answer["paragraphs"][0]["role"], answer["text"]) == ("heading", "工作会议讲话\n今天开会。")
    for output, start in (("text", ""), ("markdown", "# 工作会议讲话"), ("html", "<!DOCTYPE html>")):
        response = client.post("/v1/documents", params={"output": output}, json=body)
        assert response.status_code == 200
        assert response.text.startswith(start)
        assert "工作会议讲话" in response.text


def test_html_answers_carry_no_markup_of_the_text(client: httpx.Client) -> None:
    body = {"text": "<script>alert(1)</script>今天开会。", "title": "<b>"}
    page = client.post("/v1/documents", params={"output": "html"}, json=body).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_word_export_holds_the_corrected_labels(client: httpx.Client) -> None:
    paragraphs = [
        {"text": "一、工作回顾", "label": "structure", "role": "heading", "level": 2},
        {"text": "今年完成投资三亿元。", "label": "summary"},
    ]
    response = client.post("/v1/exports/word", json={"title": "讲话", "paragraphs": paragraphs})
    document = Document(io.BytesIO(response.content))
    assert [(p.style.name, p.text) for p in document.paragraphs] == [
        ("Title", "讲话"),
        ("Heading 2", "一、工作回顾"),
        ("Normal", "〔总结回顾〕今年完成投资三亿元。"),
    ]
    paragraphs[1]["text"] = "今年\x01完成投资三亿元。\x0c"  # Word has no way to hold these two
    response = client.post("/v1/exports/word", json={"title": "讲\x00话", "paragraphs": paragraphs})
    assert [p.text for p in Document(io.BytesIO(response.content)).paragraphs] == [p.text for p in document.paragraphs]
    paragraphs[1]["label"] = "nonsense"
    assert client.post("/v1/exports/word", json={"paragraphs": paragraphs}).status_code == 422


@pytest.mark.parametrize(
    ("name", "data", "fields", "status", "words"),
    [
        ("a.docx", b"PK\x03\x04 broken", {}, 422, "重新保存"),
        ("a.pdf", (FILES / "scanned.pdf").read_bytes(), {}, 422, "没有文字层"),
        ("a.pdf", (FILES / "locked.pdf").read_bytes(), {}, 422, "密码"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(600), {}, 422, ".docx"),
        ("a.txt", b"", {}, 422, "文件是空的"),
        ("a.txt", bytes(450_000), {}, 413, "上传文件的字节数超过上限 400000"),
        ("a.txt", b"a" * 405_000, {}, 413, "上传文件的字节数超过上限 400000"),
        ("a.txt", "今天开会。".encode(), {"sentences": "perhaps"}, 422, "sentences"),
        ("a.txt", "今天开会。".encode(), {"colour": "red"}, 422, "colour"),
        ("a.txt", "今天开会。".encode(), {"title": "题" * 301}, 422, "title"),
    ],
)
def test_bad_uploads_are_problems(
    client: httpx.Client, name: str, data: bytes, fields: dict[str, str], status: int, words: str
) -> None:
    response = upload(client, name, data, **fields)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.json()["detail"]


def test_forms_without_a_file_or_out_of_shape(client: httpx.Client) -> None:
    missing = client.post("/v1/documents", files={"other": ("a.txt", b"a")})
    assert missing.status_code in (400, 422)
    broken = client.post(
        "/v1/documents", content=b"not a form", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code in (400, 422)
    assert broken.headers["content-type"] == "application/problem+json"
    elsewhere = client.post("/v1/classify", files={"file": ("a.txt", b"a")})
    assert elsewhere.status_code == 415
    odd = client.post(
        "/v1/documents",
        content=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\na\r\n--x--\r\n',
        headers={"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"},
    )
    assert (odd.status_code, "utf-8" in odd.json()["detail"]) == (415, True)


def test_a_document_of_too_many_sentences_is_refused_before_they_are_made(client: httpx.Client) -> None:
    response = client.post("/v1/documents", json={"text": "好。" * 200_000, "sentences": True})
    assert (response.status_code, response.json()["detail"][:9]) == (413, "文档的段数与句数之")


def test_a_document_may_have_more_paragraphs_than_one_request(tiny_directory: Path) -> None:
    with serving(tiny_directory, max_paragraphs="5") as (client, _):
        text = "\n".join(f"第{i}件事情要抓紧办好。" for i in range(12))
        assert len(client.post("/v1/documents", json={"text": text}).json()["paragraphs"]) == 12


def test_the_interface_description_names_both_kinds_of_body(client: httpx.Client) -> None:
    body = client.get("/openapi.json").json()["paths"]["/v1/documents"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    assert "sentences" in json.dumps(body["application/json"])
