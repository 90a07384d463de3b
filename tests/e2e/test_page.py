"""The page in a real browser against a real server with the embedded model."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document
from playwright.sync_api import Browser, Page, expect

from service.core.labels import LABEL_IDS
from service.settings import EMBEDDED_MODEL
from tests.documents.samples import FILES, PARAGRAPHS
from tests.e2e.browser import chromium
from tests.servers import serving
from training.data.schema import read_labelled

SPEECH = (Path(__file__).parents[2] / "examples" / "speech.txt").read_text()
N_PARAGRAPHS = len(SPEECH.split())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(EMBEDDED_MODEL) as (client, _):
        yield str(client.base_url)


def opened(browser: Browser, address: str, language: str = "zh-CN") -> Iterator[Page]:
    """A fresh page; anything that its console reports fails the test."""
    context = browser.new_context(locale=language, accept_downloads=True)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    expected = [text for text in complaints if "status of 4" not in text]  # the browser's own note of a refusal
    assert expected == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(browser, address)


def paste(page: Page, text: str = SPEECH) -> None:
    page.fill("#text", text)
    page.click("#entry .main")
    page.wait_for_selector(".paragraph")


def exported(page: Page, name: str, folder: Path) -> Path:
    page.evaluate("document.querySelector('#exports').open = true")
    with page.expect_download() as download:
        page.click(f"[data-export={name}]")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_pasted_speech_is_coloured_and_outlined(page: Page) -> None:
    paste(page)
    expect(page.locator(".paragraph")).to_have_count(N_PARAGRAPHS)
    expect(page.locator("#paragraph-7")).to_have_class("paragraph role-body label-problem")
    expect(page.locator("#paragraph-7 .tag-name")).to_have_text("问题分析")
    assert page.locator("#outline li").nth(3).inner_text().split("\n") == ["二、问题不容忽视", "问题分析"]
    expect(page.locator("#status")).to_contain_text(f"共 {N_PARAGRAPHS} 段")
    assert "任务部署" in (page.locator("#shares").get_attribute("aria-label") or "")
    colours = {page.locator(f"#paragraph-{i}").evaluate("e => getComputedStyle(e).backgroundColor") for i in (4, 5, 7)}
    assert len(colours) == 3


@pytest.mark.parametrize("name", ["libreoffice.docx", "chromium.pdf", "source.html"])
def test_a_chosen_file_is_read(page: Page, name: str) -> None:
    page.set_input_files("#file", FILES / name)
    page.wait_for_selector(".paragraph")
    expect(page.locator(".paragraph")).to_have_count(len(PARAGRAPHS))


def test_a_dropped_file_is_read(page: Page) -> None:
    transfer = page.evaluate_handle(
        """text => { const data = new DataTransfer();
        data.items.add(new File([text], "讲话.txt", {type: "text/plain"})); return data; }""",
        SPEECH,
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    expect(page.locator(".paragraph")).to_have_count(N_PARAGRAPHS)


def test_filters_and_search(page: Page) -> None:
    paste(page)
    visible = page.locator(".paragraph:visible")
    page.click(".filter[data-label=exhortation]")
    expect(visible).to_have_count(1)
    expect(visible.locator(".tag-name")).to_have_text("号召勉励")
    page.click(".filter[data-label=problem]", modifiers=["Control"])
    expect(visible).to_have_count(2)
    page.click(".filter[data-label=task]")
    page.click(".filter[data-label=task]")
    expect(visible).to_have_count(N_PARAGRAPHS)
    page.fill("#search", "护林员")
    assert all("护林员" in text for text in visible.all_inner_texts())
    expect(page.locator("#count")).to_have_text(f"显示 {visible.count()} / {N_PARAGRAPHS} 段")


def test_scores_on_click_and_by_keys(page: Page) -> None:
    paste(page)
    page.click("#paragraph-7 .tag")
    expect(page.locator("#scores h3")).to_have_text("第 8 段")
    expect(page.locator("#scores .bars li")).to_have_count(len(LABEL_IDS))
    page.keyboard.press("j")
    expect(page.locator("#scores h3")).to_have_text("第 9 段")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.locator("#paragraph-6")).to_have_class("paragraph role-heading label-structure selected")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#scores")).to_be_hidden()


def test_corrections_come_out_as_training_rows(page: Page, tmp_path: Path) -> None:
    paste(page)
    page.click("#paragraph-2 .tag")
    page.select_option("#correction", "situation")
    expect(page.locator("#paragraph-2 .tag")).to_contain_text("已订正")
    [row] = read_labelled(exported(page, "corrections", tmp_path))
    assert (row.label, row.text) == ("situation", SPEECH.split()[2])
    page.check("#reviewed")
    rows = read_labelled(exported(page, "corrections", tmp_path))
    assert [row.text for row in rows] == SPEECH.split()
    page.click("#scores label button")
    expect(page.locator("#paragraph-2 .tag-name")).to_have_text("开场")


def test_every_export_holds_the_corrected_speech(page: Page, tmp_path: Path) -> None:
    paste(page, SPEECH + "\n=1+1 是一个公式,不是讲话。\n")
    page.click("#paragraph-4 .tag")
    page.select_option("#correction", "goal")
    answer = json.loads(exported(page, "json", tmp_path).read_text())
    assert (answer["paragraphs"][4]["label"], answer["paragraphs"][4]["corrected"]) == ("goal", True)
    with exported(page, "csv", tmp_path).open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == N_PARAGRAPHS + 1
    assert rows[4]["label_zh"] == "目标思路"
    assert rows[-1]["text"].startswith("'=1+1")
    assert "**〔目标思路〕** 今年以来" in exported(page, "markdown", tmp_path).read_text()
    document = Document(str(exported(page, "word", tmp_path)))
    assert document.paragraphs[4].text.startswith("〔目标思路〕今年以来")
    assert document.paragraphs[3].style.name == "Heading 2"


def test_sentence_spans_on_demand(page: Page) -> None:
    paste(page)
    assert page.locator(".span").count() == 0
    page.click("#sentences")
    page.wait_for_selector(".span")
    texts = page.locator("#paragraph-2 .span").evaluate_all("spans => spans.map(s => s.lastChild.textContent)") or [
        page.locator("#paragraph-2 .body").inner_text()
    ]
    assert "".join(texts) == SPEECH.split()[2]
    page.click("#sentences")
    expect(page.locator(".span")).to_have_count(0)


def test_errors_are_shown_and_the_next_try_works(page: Page) -> None:
    page.click("#entry .main")
    expect(page.locator("#problem")).to_contain_text("请先粘贴文字")
    page.set_input_files("#file", FILES / "scanned.pdf")
    expect(page.locator("#problem")).to_contain_text("没有文字层")
    paste(page)
    expect(page.locator("#problem")).to_be_hidden()


def test_three_hundred_paragraphs_within_a_second_of_the_answer(page: Page) -> None:
    lines = [f"{line}(第{i}稿)" for i in range(20) for line in SPEECH.split()]
    page.fill("#text", "\n".join(lines))
    with page.expect_response("**/v1/documents") as answered:
        page.click("#entry .main")
    answered.value.finished()
    started = time.perf_counter()
    page.wait_for_selector(f"#paragraph-{len(lines) - 1}", state="attached")
    page.wait_for_function("document.querySelector('#count').textContent !== ''")
    assert time.perf_counter() - started < 1.0
    assert page.locator(".paragraph").count() == 300


def test_a_key_is_asked_for_and_kept(browser: Browser) -> None:
    with serving(EMBEDDED_MODEL, api_key="geheim") as (client, _):
        for page in opened(browser, str(client.base_url)):
            page.fill("#text", SPEECH)
            page.click("#entry .main")
            page.fill("#key", "wrong")
            page.keyboard.press("Enter")
            expect(page.locator("#key")).to_have_value("")
            page.fill("#key", "geheim")
            page.keyboard.press("Enter")
            page.wait_for_selector(".paragraph")
            page.click("#again")
            paste(page)


def test_english_dark_and_their_memory(browser: Browser, address: str) -> None:
    for page in opened(browser, address, "en-GB"):
        expect(page.locator("#entry .main")).to_have_text("Analyse")
        paste(page)
        expect(page.locator("#paragraph-7 .tag-name")).to_have_text("Problems")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.click("#theme")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        page.click("#language")
        expect(page.locator("#paragraph-7 .tag-name")).to_have_text("问题分析")
        page.reload()
        expect(page.locator("#theme")).to_have_text("浅色")


def test_nothing_is_fetched_from_elsewhere_and_the_policy_is_strict(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(address)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    paste(page, "<img src=x onerror=\"document.title='pwned'\">今天开会。")
    assert page.title() != "pwned"
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)
    context.close()


def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    paste(page)
    page.click("#paragraph-7 .tag")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, a")].filter(e => e.offsetParent
        && !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert unnamed == []
    headings = page.get_by_role("heading", name="二、问题不容忽视")
    expect(headings).to_have_count(1)
