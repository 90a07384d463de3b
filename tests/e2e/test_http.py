import json
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from service.core.bundle import Bundle
from service.core.encode import ParagraphInput
from service.core.labels import LABEL_IDS
from tests.servers import serving


@pytest.fixture(scope="module")
def client(tiny_directory: Path) -> Iterator[httpx.Client]:
    with serving(tiny_directory) as (opened, _):
        yield opened


def test_predict_answers_in_the_shape_asked(client: httpx.Client) -> None:
    one = client.post("/predict", json={"inputs": "同志们:"}).json()
    many = client.post("/predict", json={"inputs": ["同志们:", "谢谢大家。"]}).json()
    assert [set(item) for item in one] == [{"label", "score"}] * len(LABEL_IDS)
    assert sum(item["score"] for item in one) == pytest.approx(1, abs=1e-5)
    assert len(many) == 2
    assert [item["label"] for item in many[0]] == [item["label"] for item in one]
    assert client.post("/predict", json={"inputs": []}).json() == []


def test_top_k_and_raw_scores(client: httpx.Client) -> None:
    cut = client.post("/predict", json={"inputs": "同志们:", "top_k": 2, "raw_scores": True}).json()
    assert len(cut) == 2
    assert cut[0]["score"] >= cut[1]["score"]


def test_the_service_says_what_the_bundle_says(client: httpx.Client, tiny: Bundle, speech_lines: list[str]) -> None:
    answers = client.post("/predict", json={"inputs": speech_lines}).json()
    for line, answer in zip(speech_lines, answers, strict=True):
        [expected] = tiny.classify([ParagraphInput(line)])
        got = {item["label"]: item["score"] for item in answer}
        assert all(got[label] == pytest.approx(score, abs=1e-4) for label, score in expected.scores)


def test_classify_takes_context_and_abstains(client: httpx.Client) -> None:
    paragraph = {"text": "要抓好落实。", "id": 7, "headings": ["一、任务"], "before": "前文。", "after": "后文。"}
    answer = client.post("/v1/classify", json={"paragraphs": [paragraph], "top_k": 3, "min_score": 1.0}).json()
    [item] = answer["paragraphs"]
    assert item["id"] == 7
    assert item["abstained"] is True
    assert len(item["scores"]) == 3
    assert item["n_windows"] == 1
    assert answer["model"]["name"] == "tiny"


def test_long_paragraphs_are_scored_by_windows(client: httpx.Client) -> None:
    text = "要抓好春耕备耕,落实责任。" * 100
    [item] = client.post("/v1/classify", json={"paragraphs": [{"text": text}]}).json()["paragraphs"]
    assert item["n_windows"] > 1


def test_documents_offsets_point_into_the_text(client: httpx.Client, speech_lines: list[str]) -> None:
    text = "\n\n".join(speech_lines)
    answer = client.post("/v1/documents", json={"text": text, "title": "讲话"}).json()
    assert [p["text"] for p in answer["paragraphs"]] == [text[p["start"] : p["end"]] for p in answer["paragraphs"]]
    assert len(answer["paragraphs"]) == len(speech_lines)
    assert sum(answer["label_shares"].values()) == pytest.approx(1, abs=1e-4)
    assert answer["outline"]


@pytest.mark.parametrize(
    ("path", "kwargs", "status", "code"),
    [
        ("/predict", {"json": {"inputs": ""}}, 422, "invalid-input"),
        ("/predict", {"json": {"inputs": ["好", " \u200b"]}}, 422, "invalid-input"),
        ("/predict", {"json": {"inputs": 5}}, 422, "invalid-input"),
        ("/predict", {"json": {"input": "好"}}, 422, "invalid-input"),
        ("/predict", {"json": {"inputs": "好", "top_k": 99}}, 422, "invalid-input"),
        ("/predict", {"json": {"inputs": "长" * 60_000}}, 413, "too-large"),
        ("/predict", {"json": {"inputs": ["好"] * 1001}}, 413, "too-large"),
        ("/predict", {"json": {"inputs": "长" * 1_500_000}}, 413, "too-large"),
        ("/predict", {"json": {"inputs": ["好"] * 20_000}}, 413, "too-large"),
        ("/predict", {"json": {"inputs": "好", **{f"a{i}": 0 for i in range(5000)}}}, 422, "invalid-input"),
        ("/v1/classify", {"json": {"paragraphs": []}}, 422, "invalid-input"),
        ("/v1/classify", {"json": {"paragraphs": [{"text": "好"}] * 20_000}}, 413, "too-large"),
        ("/v1/classify", {"json": {"paragraphs": [{"text": "好", "headings": ["一"] * 17}]}}, 422, "invalid-input"),
        ("/v1/documents", {"json": {"text": "\n \n"}}, 422, "empty-text"),
        ("/v1/documents", {"json": {"text": "长" * 600_000}}, 413, "too-large"),
        ("/predict", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "malformed-json"),
        ("/predict", {"content": b"\x00\xff", "headers": {"content-type": "application/json"}}, 400, "malformed-json"),
        ("/predict", {"content": b"inputs=1", "headers": {"content-type": "text/plain"}}, 415, "unsupported-type"),
        ("/nowhere", {"json": {}}, 404, "not-found"),
    ],
)
def test_bad_requests_are_problem_json(client: httpx.Client, path: str, kwargs: dict, status: int, code: str) -> None:
    response = client.post(path, **kwargs)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.json()["detail"]


def test_a_wrong_method_is_a_problem_too(client: httpx.Client) -> None:
    response = client.get("/predict")
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")


def test_request_ids_are_echoed_or_made(client: httpx.Client) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert len(client.get("/health/live", headers={"X-Request-ID": "坏 id".encode()}).headers["x-request-id"]) == 32


def test_info_names_model_labels_and_limits(client: httpx.Client) -> None:
    answer = client.get("/info").json()
    assert [label["id"] for label in answer["labels"]] == list(LABEL_IDS)
    assert answer["limits"]["max_paragraphs"] == 1000


def test_metrics_count_labels_and_rejections(client: httpx.Client) -> None:
    client.post("/predict", json={"inputs": "同志们:"})
    page = client.get("/metrics").text
    assert 'zhangfa_rejections_total{cause="overloaded"}' in page
    assert 'zhangfa_requests_total{route="/predict",status="200"}' in page


def test_interactive_documentation_is_there(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    assert all(source.startswith("/") and client.get(source).status_code == 200 for source in sources)
    interface = client.get("/openapi.json").json()
    assert {"/predict", "/v1/classify", "/v1/documents"} <= set(interface["paths"])
    content = interface["paths"]["/v1/classify"]["post"]["requestBody"]["content"]
    assert "headings" in content["application/json"]["schema"]["properties"]["paragraphs"]["items"]["properties"]
    assert "#/$defs" not in json.dumps(interface)


def test_many_clients_each_get_their_own_answer(client: httpx.Client, speech_lines: list[str]) -> None:
    expected = [client.post("/predict", json={"inputs": line}).json()[0]["label"] for line in speech_lines]
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda t: client.post("/predict", json={"inputs": t}).json()[0]["label"], speech_lines * 4))
    assert got == expected * 4


def test_a_key_protects_everything_but_health(tiny_directory: Path) -> None:
    with serving(tiny_directory, api_key="secret") as (client, _):
        assert client.get("/health/live").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
            refused = client.post("/predict", json={"inputs": "好"}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        given = client.post("/predict", json={"inputs": "好"}, headers={"Authorization": "Bearer secret"})
        assert given.status_code == 200


def test_a_full_queue_refuses_and_recovers(tiny_directory: Path) -> None:
    with serving(tiny_directory, max_queued_tokens="2000", batch_tokens="512") as (client, _):
        body = {"inputs": ["要抓好春耕备耕,落实责任。" * 20] * 60}
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: client.post("/predict", json=body), range(36)))
        statuses = {answer.status_code for answer in answers}
        assert statuses == {200, 429}
        refused = next(a for a in answers if a.status_code == 429)
        assert refused.headers["retry-after"]
        assert refused.json()["code"] == "overloaded"
        assert client.post("/predict", json={"inputs": "好。"}).status_code == 200


def test_sigterm_answers_what_is_running(tiny_directory: Path) -> None:
    with serving(tiny_directory) as (client, process):
        body = {"inputs": ["要抓好春耕备耕,落实责任。" * 40] * 200}
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(client.post("/predict", json=body)))
        asking.start()
        while "zhangfa_queued_tokens 0.0" in client.get("/metrics").text and asking.is_alive():
            pass
        process.send_signal(signal.SIGTERM)
        asking.join(timeout=30)
        assert [a.status_code for a in answers] == [200]
        log = process.communicate(timeout=30)[0].decode()
    assert "春耕" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line.get("route") == "/predict" and line["status"] == 200 for line in lines)
    assert any(line["message"] == "stopping" for line in lines)


def test_a_broken_model_directory_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"找不到模型目录"), serving(tmp_path / "none"):
        pass
