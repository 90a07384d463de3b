"""Start the service, send it a speech, show the answer, and go on serving until Ctrl-C."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ADDRESS = f"http://127.0.0.1:{os.environ.get('ZHANGFA_PORT', '8000')}"


def ask(path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """One request to the service."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def main() -> int:
    """Serve, ask once, keep serving."""
    server = subprocess.Popen([sys.executable, "-m", "service.cli", "serve"])
    try:
        while True:
            if server.poll() is not None:
                return server.returncode
            try:
                ask("/health/ready")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        names = {label["id"]: label["zh"] for label in ask("/info")["labels"]}  # type: ignore[attr-defined, index]
        answer = ask("/v1/documents", {"text": (HERE / "speech.txt").read_text(encoding="utf-8")})
        for p in answer["paragraphs"]:  # type: ignore[attr-defined]
            print(f"{names[p['label']]}  {p['score']:.2f}  {p['text'][:50]}")
        print(f"\n网页在 {ADDRESS}，接口文档在 {ADDRESS}/docs，按 Ctrl-C 结束。", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
