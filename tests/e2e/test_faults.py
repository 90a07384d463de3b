"""What goes wrong in service, on a real socket: every accepted request is answered once, and the rest go on."""

import hashlib
import json
import re
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.servers import serving

SENTENCE = "要抓好春耕备耕,落实责任。"


def metric(client: httpx.Client, name: str) -> float:
    """The sum of a metric over its labels."""
    page = client.get("/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))


def raw_request(client: httpx.Client, body: bytes, length: int | None = None, headers: str = "") -> socket.socket:
    """An open socket on which a request, or a part of one, has been sent.

    :param headers: further ones, each with its line end.
    """
    opened = socket.create_connection(("127.0.0.1", client.base_url.port), timeout=20)
    head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers
    opened.sendall(f"{head}Content-Length: {length or len(body)}\r\n\r\n".encode() + body)
    return opened


def wait_until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_work_of_a_client_that_leaves_is_dropped(tiny_directory: Path) -> None:
    with serving(tiny_directory, threads="1", max_queued_tokens="10000000") as (client, process):
        body = json.dumps({"inputs": [SENTENCE * 40] * 900}).encode()
        leaving = [raw_request(client, body) for _ in range(3)]
        wait_until(lambda: metric(client, "zhangfa_queued_paragraphs") > 1500)
        for opened in leaving:
            opened.close()
        started = time.monotonic()
        assert client.post("/predict", json={"inputs": "好。"}).status_code == 200
        wait_until(lambda: metric(client, "zhangfa_queued_paragraphs") == 0)
        assert metric(client, "zhangfa_labels_total") < 2000, "it scored what nobody waited for"
        assert time.monotonic() - started < 10
        process.terminate()
        log = process.communicate(timeout=30)[0].decode()
    statuses = Counter(line["status"] for line in map(json.loads, log.splitlines()) if line.get("route") == "/predict")
    assert statuses == {499: 3, 200: 1}


@pytest.fixture
def poisonous(tiny_directory: Path, tmp_path: Path) -> Path:
    """A model that fails on one word: its tokenizer gives that word an id that the model does not have."""
    folder = Path(shutil.copytree(tiny_directory, tmp_path / "poisonous"))
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    token = {**tokenizer["added_tokens"][0], "id": 999_999, "content": "毒药", "special": False, "normalized": False}
    tokenizer["added_tokens"].append(token)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["tokenizer.json"] = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_failing_batch_fails_its_own_requests_only(poisonous: Path) -> None:
    with serving(poisonous) as (client, _):
        texts = ["这是毒药。" if i % 5 == 0 else f"{SENTENCE * (i % 9 + 3)}" for i in range(60)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda text: client.post("/predict", json={"inputs": text}), texts))
        assert {a.status_code for a, t in zip(answers, texts, strict=True) if "毒药" in t} == {500}
        assert all(a.json()["code"] == "model-failed" for a in answers if a.status_code == 500)
        assert sum(a.status_code == 200 for a in answers) >= 40
        assert client.get("/health/ready").status_code == 200
        assert client.post("/predict", json={"inputs": SENTENCE}).status_code == 200
        assert metric(client, "zhangfa_failed_batches_total") >= 1


@pytest.mark.parametrize(
    "text",
    ["长" * 50_000, "😀" * 2_000, "\u202e\u0000好", "a" * 30_000, "e\u0301" * 5_000, "，。！？" * 5_000, "\ud800"],
    ids=["long", "emoji", "controls", "one word", "combining", "punctuation", "surrogate"],
)
def test_an_odd_text_does_not_hold_up_the_others(tiny_directory: Path, text: str) -> None:
    body = json.dumps({"inputs": text}).encode()
    with serving(tiny_directory, max_queued_tokens="1000000") as (client, _), ThreadPoolExecutor(8) as pool:
        headers = {"Content-Type": "application/json"}
        odd = pool.submit(client.post, "/predict", content=body, headers=headers)
        others = list(pool.map(lambda _: client.post("/predict", json={"inputs": SENTENCE}), range(20)))
        assert {answer.status_code for answer in others} == {200}
        assert odd.result().status_code == (400 if text == "\ud800" else 200)


def test_a_slow_client_is_let_go_and_holds_up_nobody(tiny_directory: Path) -> None:
    with serving(tiny_directory, body_seconds="1") as (client, _):
        slow = [raw_request(client, b'{"inputs": "', length=200) for _ in range(20)]
        started = time.monotonic()
        assert client.post("/predict", json={"inputs": SENTENCE}).status_code == 200
        assert time.monotonic() - started < 1
        for opened in slow:
            answer = opened.recv(4096).decode()
            assert answer.startswith("HTTP/1.1 408")
            opened.close()
        assert metric(client, "zhangfa_rejections_total") == 20


def test_the_bodies_held_in_memory_are_bounded_together(tiny_directory: Path) -> None:
    with serving(tiny_directory, max_held_bytes="100000") as (client, _):
        begun = [raw_request(client, b" " * 40_000, length=50_000) for _ in range(2)]
        time.sleep(0.5)  # until the server has read them
        refused = client.post("/predict", content=b" " * 40_000, headers={"Content-Type": "application/json"})
        assert (refused.status_code, "100000" in refused.json()["detail"]) == (429, True)
        for opened in begun:
            opened.close()
        wait_until(lambda: client.post("/predict", json={"inputs": SENTENCE * 1500}).status_code == 200)


def test_a_client_that_does_not_read_its_answers_gives_up_its_place(tiny_directory: Path) -> None:
    with serving(tiny_directory, body_seconds="1", max_open_requests="1", max_paragraphs="10000") as (client, _):
        body = json.dumps({"inputs": ["好。"] * 8000}).encode()  # answered with more than a socket takes
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", client.base_url.port))
        head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        deaf.sendall((f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body) * 2)
        wait_until(lambda: metric(client, "zhangfa_labels_total") == 16_000, 60)
        wait_until(lambda: client.post("/predict", json={"inputs": SENTENCE}).status_code == 200)
        deaf.close()


def test_sigterm_under_load_answers_what_was_taken_and_refuses_the_rest(tiny_directory: Path) -> None:
    with serving(tiny_directory) as (client, process):
        base, statuses = str(client.base_url), Counter[object]()
        stop = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=base, timeout=20) as own:
                while not stop.is_set():
                    try:
                        statuses[own.post("/predict", json={"inputs": [SENTENCE * 20] * 4}).status_code] += 1
                    except httpx.ConnectError:
                        return  # it no longer listens
                    except (httpx.ReadError, httpx.RemoteProtocolError):
                        statuses["closed unanswered"] += 1
                        return

        askers = [threading.Thread(target=ask) for _ in range(12)]
        for asker in askers:
            asker.start()
        wait_until(lambda: statuses[200] > 50)
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        log = process.communicate(timeout=20)[0].decode()
        assert time.monotonic() - started < 10
        stop.set()
        for asker in askers:
            asker.join(timeout=20)
    assert process.returncode in {0, -signal.SIGTERM}  # uvicorn hands the signal on once it is done
    assert set(statuses) <= {200, 503, "closed unanswered"}
    logged = Counter(line["status"] for line in map(json.loads, log.splitlines()) if line.get("route") == "/predict")
    assert logged[200] == statuses[200], "an accepted request was not answered exactly once"
    assert logged[500] == logged[499] == 0


def test_under_overload_every_request_is_answered_once_and_logged(tiny_directory: Path) -> None:
    with serving(tiny_directory, max_queued_tokens="1500") as (client, process):
        ids = [f"r{i}" for i in range(150)]

        def ask(name: str) -> tuple[str, int]:
            paragraphs = [{"id": f"{name}-{i}", "text": SENTENCE * 15} for i in range(4)]
            answer = client.post("/v1/classify", json={"paragraphs": paragraphs}, headers={"X-Request-ID": name})
            if answer.status_code == 200:
                assert [p["id"] for p in answer.json()["paragraphs"]] == [p["id"] for p in paragraphs]
                assert int(answer.headers["x-tokens"]) > 0
                assert re.fullmatch(
                    r"tokenize;dur=[\d.]+, queue;dur=[\d.]+, inference;dur=[\d.]+", answer.headers["server-timing"]
                )
            else:
                assert answer.json()["code"] == "overloaded"
                assert "1500" in answer.json()["detail"]
                assert answer.headers["retry-after"] == "1"
            assert answer.headers["x-request-id"] == name
            return name, answer.status_code

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(ask, ids))
        counts = Counter(status for _, status in answers)
        assert set(counts) == {200, 429}
        assert metric(client, "zhangfa_labels_total") == 4 * counts[200]
        assert metric(client, "zhangfa_rejections_total") == counts[429]
        assert metric(client, "zhangfa_queued_tokens") == 0
        process.terminate()
        lines = [json.loads(line) for line in process.communicate(timeout=30)[0].decode().splitlines()]
    logged = [(line["request_id"], line["status"]) for line in lines if line["message"] == "request"]
    together = [line for line in lines if line["message"] == "refused"]  # those refused before any work was done
    logged += [(name, line["status"]) for line in together for name in line["request_ids"]]
    assert together
    assert sorted(line for line in logged if line[0] in ids) == sorted(answers)


def test_open_requests_are_bounded_and_strangers_learn_nothing_of_it(tiny_directory: Path) -> None:
    with serving(tiny_directory, max_open_requests="1", api_key="secret") as (client, _):
        body, key = {"inputs": "好。"}, {"Authorization": "Bearer secret"}
        assert client.post("/predict", json=body, headers=key).status_code == 200
        staying = raw_request(client, b"{", length=100, headers="Authorization: Bearer secret\r\n")
        time.sleep(0.5)  # until the server has read its head
        assert client.post("/predict", json=body, headers=key).status_code == 429
        refused = client.post("/v1/classify", json={"paragraphs": []}, headers=key)
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "overloaded", "1")
        assert "上限 1" in refused.json()["detail"]
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.post("/predict", json=body).status_code == 401
        assert client.get("/health/ready").status_code == 200
        staying.close()
        wait_until(lambda: client.post("/predict", json=body, headers=key).status_code == 200)


def test_a_long_document_does_not_keep_a_single_paragraph_waiting(tiny_directory: Path) -> None:
    settings = {"threads": "1", "max_queued_tokens": "10000000"}
    with serving(tiny_directory, **settings) as (client, _), ThreadPoolExecutor(2) as pool:
        started = time.monotonic()
        document = pool.submit(client.post, "/predict", json={"inputs": [SENTENCE * 40] * 900})
        wait_until(lambda: metric(client, "zhangfa_queued_paragraphs") > 400)
        asked = time.monotonic()
        assert client.post("/predict", json={"inputs": SENTENCE * 40}).status_code == 200
        waited = time.monotonic() - asked
        assert document.result().status_code == 200
        assert waited < (time.monotonic() - started) / 2
