"""Take the README's picture of the page: ``python docs/screenshot.py`` (needs Chromium and a Chinese font)."""

from pathlib import Path

from service.settings import EMBEDDED_MODEL
from tests.e2e.browser import chromium
from tests.servers import serving

if __name__ == "__main__":
    with serving(EMBEDDED_MODEL) as (client, _), chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="zh-CN")
        page.goto(str(client.base_url))
        page.click("#sample")
        page.wait_for_selector(".paragraph")
        page.click("#paragraph-7 .tag")
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=Path(__file__).parent / "page.png")
