import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.documents.samples import FILES, HEADINGS
from tests.servers import ZHANGFA

MODEL_HINT = "ZHANGFA_MODEL"


def run(*arguments: str, model: Path | None = None, stdin: bytes = b"", **environment: str):
    env = {**os.environ, **environment}
    if model:
        env["ZHANGFA_MODEL"] = str(model)
    return subprocess.run([*ZHANGFA, *arguments], input=stdin, capture_output=True, env=env, check=False)


def test_classify_takes_an_argument_or_standard_input(tiny_directory: Path) -> None:
    given = run("classify", "同志们:", "--json", model=tiny_directory)
    piped = run("classify", "-", "--json", model=tiny_directory, stdin="同志们:".encode())
    assert given.returncode == piped.returncode == 0
    assert json.loads(given.stdout) == json.loads(piped.stdout)


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (["classify", " "], b"", 2, "文本为空"),
        (["classify", "-"], b"", 2, "文本为空"),
        (["classify", "-"], b"\x00\x01", 2, "不是文本文件"),
        (["classify", "-"], b"\xff\xfe\xfd", 2, "不是 UTF-8"),
        (["classify", "-"], "长".encode() * 350_000, 2, "超过上限 50000"),
        (["outline", "/no/such/file"], b"", 1, "/no/such/file"),
        (["score", "/no/such/file.jsonl"], b"", 2, "/no/such/file.jsonl"),
        (["score", "-", "--resume"], b"", 2, "--resume"),
        (["info", "--model", "/no/such/model"], b"", 1, "/no/such/model"),
        (["classify", "好", "--model", "/no/such/model"], b"", 1, "/no/such/model"),
    ],
)
def test_bad_input_is_one_clear_line(
    tiny_directory: Path, arguments: list[str], stdin: bytes, code: int, message: str
) -> None:
    result = run(*arguments, model=tiny_directory, stdin=stdin)
    assert result.returncode == code
    assert message in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
    assert result.stdout == b""


def test_outline_json_covers_the_text(tiny_directory: Path, tmp_path: Path, speech_lines: list[str]) -> None:
    text = "\n".join(speech_lines)
    (tmp_path / "speech.txt").write_text(text, encoding="utf-8")
    answer = json.loads(run("outline", str(tmp_path / "speech.txt"), "--format", "json", model=tiny_directory).stdout)
    assert [text[p["start"] : p["end"]] for p in answer["paragraphs"]] == [line.strip() for line in speech_lines]
    assert sum(answer["label_shares"].values()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", ["libreoffice.docx", "chromium.pdf", "source.html"])
@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
def test_outline_reads_every_format_and_writes_every_form(tiny_directory: Path, name: str, output_format: str) -> None:
    result = run("outline", str(FILES / name), "--format", output_format, "--sentences", model=tiny_directory)
    assert result.returncode == 0
    for heading in HEADINGS:
        assert heading in result.stdout.decode()


def test_a_missing_reader_is_named_with_its_mend(tiny_directory: Path) -> None:
    blocked = "import sys; sys.modules['pypdfium2'] = None; from service.cli import app; app()"
    arguments = ["outline", str(FILES / "chromium.pdf"), "--model", str(tiny_directory)]
    result = subprocess.run([sys.executable, "-c", blocked, *arguments], capture_output=True, check=False)
    assert result.returncode == 2
    assert "zhangfa[documents]" in result.stderr.decode()


def test_score_keeps_order_and_reports_failed_rows(tiny_directory: Path, rows_file: Path, tmp_path: Path) -> None:
    with rows_file.open("a", encoding="utf-8") as out:
        out.write("not json\n")
    output = tmp_path / "out.jsonl"
    result = run("score", str(rows_file), "-o", str(output), "--all-scores", model=tiny_directory)
    assert result.returncode == 3
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 41
    assert set(rows[-1]) == {"id", "error"}
    assert sum(rows[0]["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert not output.with_name("out.jsonl.part").exists()


def test_score_streams_standard_input_to_standard_output(tiny_directory: Path, rows_file: Path) -> None:
    result = run("score", "-", model=tiny_directory, stdin=rows_file.read_bytes())
    assert result.returncode == 0
    assert len(result.stdout.decode().splitlines()) == 40


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_killed_score_goes_on_without_loss_or_repeat(tiny_directory: Path, rows_file: Path, tmp_path: Path) -> None:
    lines = rows_file.read_text(encoding="utf-8").splitlines()
    many = tmp_path / "many.jsonl"
    rows = [dict(json.loads(line), id=f"{n}-{i}", document=f"{n}") for n in range(150) for i, line in enumerate(lines)]
    many.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    output, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    env = {**os.environ, "ZHANGFA_MODEL": str(tiny_directory)}
    process = subprocess.Popen([*ZHANGFA, "score", str(many), "-o", str(output)], env=env, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert part.exists()
    assert not output.exists()
    assert run("score", str(many), "-o", str(output), "--resume", model=tiny_directory).returncode == 0
    assert [json.loads(line)["id"] for line in output.read_text(encoding="utf-8").splitlines()] == [
        row["id"] for row in rows
    ]


def test_every_option_has_an_environment_twin() -> None:
    import typer

    from service.cli import app

    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert str(parameter.envvar).startswith("ZHANGFA_"), (name, parameter.name)


def test_info_names_the_embedded_model() -> None:
    result = run("info")
    assert result.returncode == 0
    assert "zhangfa-small" in result.stdout.decode()
    assert "号召勉励" in result.stdout.decode()
