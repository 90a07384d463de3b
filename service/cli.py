"""``zhangfa``: classify paragraphs, outline a speech, score files, serve, and tell about the model."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import typer
from pydantic import ValidationError

from service.core.errors import InputError, TooLongError, ZhangfaError
from service.core.labels import LABEL_BY_ID, LABELS
from service.core.runtime import Backend, PrecisionChoice
from service.settings import EMBEDDED_MODEL, Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="章法：判定公文每一段的修辞功能。")

EXIT_FAILED, EXIT_USAGE, EXIT_SOME_FAILED, EXIT_INTERRUPTED = 1, 2, 3, 130

ModelOption = Annotated[Path, typer.Option("--model", envvar="ZHANGFA_MODEL", help="模型目录。")]
PrecisionOption = Annotated[
    PrecisionChoice, typer.Option("--precision", envvar="ZHANGFA_PRECISION", help="模型精度；auto 按处理器选择。")
]
BackendOption = Annotated[
    Backend, typer.Option("--backend", envvar="ZHANGFA_BACKEND", help="推理库；openvino 需安装同名的附加组件。")
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=0, envvar="ZHANGFA_THREADS", help="推理线程数；0 表示按 CPU 配额。")
]
MaxCharactersOption = Annotated[
    int, typer.Option("--max-characters", min=100, envvar="ZHANGFA_MAX_CHARACTERS", help="单个段落的字符上限。")
]


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn the errors a user can mend into one line on stderr and an exit code."""
    try:
        yield
    except InputError as error:
        typer.echo(f"错误：{error}", err=True)
        raise typer.Exit(EXIT_USAGE) from error
    except (ZhangfaError, OSError) as error:
        typer.echo(f"错误：{error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _bundle(model: Path, precision: PrecisionChoice, backend: Backend, threads: int) -> Any:
    from service.core.bundle import Bundle
    from service.core.runtime import RuntimeConfig

    return Bundle.load(model, precision, RuntimeConfig(n_threads=threads, backend=backend))


def _read_text(source: str) -> str:
    """Text of a file or, for ``-``, of standard input.

    :raises InputError: it is not UTF-8 text.
    """
    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    name = "标准输入" if source == "-" else source
    if b"\0" in raw:
        raise InputError(f"{name} 不是文本文件(含有空字节)：请先转换为 UTF-8 文本")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} 不是 UTF-8 文本(第 {error.start} 字节起)：请先转换编码") from error


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    """A JSONL file or, for ``-``, standard input; bytes that are not UTF-8 become errors of their rows."""
    if source == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="surrogateescape")
    else:
        with Path(source).open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            yield lines


@app.command()
def classify(
    text: Annotated[str, typer.Argument(help="一个段落；- 表示标准输入。")] = "-",
    top_k: Annotated[int, typer.Option(min=1, max=len(LABELS), envvar="ZHANGFA_TOP_K", help="给出前几个标签。")] = 3,
    as_json: Annotated[bool, typer.Option("--json", envvar="ZHANGFA_JSON", help="输出 JSON。")] = False,
    max_characters: MaxCharactersOption = 50_000,
    model: ModelOption = EMBEDDED_MODEL,
    precision: PrecisionOption = "auto",
    backend: BackendOption = "onnxruntime",
    threads: ThreadsOption = 0,
) -> None:
    """判定一个段落的功能。"""
    with _clear_errors():
        from service.core.encode import ParagraphInput

        paragraph = _read_text("-") if text == "-" else text
        if len(paragraph) > max_characters:
            raise TooLongError(len(paragraph), max_characters)
        [prediction] = _bundle(model, precision, backend, threads).classify([ParagraphInput(paragraph)])
        if as_json:
            scores = [{"label": label, "score": score} for label, score in prediction.scores[:top_k]]
            typer.echo(json.dumps({"scores": scores, "n_windows": prediction.n_windows}, ensure_ascii=False))
            return
        for label, score in prediction.scores[:top_k]:
            typer.echo(f"{label:<13}{LABEL_BY_ID[label].zh}  {score:.3f}")
        if prediction.n_windows > 1:
            typer.echo(f"(长段落，分 {prediction.n_windows} 个窗口合并判定)", err=True)


@app.command()
def outline(
    file: Annotated[str, typer.Argument(help="txt、md、docx、html 或 pdf 文件；- 表示标准输入。")],
    output_format: Annotated[
        Literal["text", "json", "markdown", "html", "label-studio"],
        typer.Option("--format", envvar="ZHANGFA_FORMAT", help="输出格式。"),
    ] = "text",
    sentences: Annotated[
        bool, typer.Option("--sentences", envvar="ZHANGFA_SENTENCES", help="同时给出段内各句的功能。")
    ] = False,
    max_characters: Annotated[
        int, typer.Option(min=1_000, envvar="ZHANGFA_MAX_DOCUMENT_CHARACTERS", help="文档的字符上限。")
    ] = 500_000,
    model: ModelOption = EMBEDDED_MODEL,
    precision: PrecisionOption = "auto",
    backend: BackendOption = "onnxruntime",
    threads: ThreadsOption = 0,
) -> None:
    """逐段标出一篇讲话的功能。"""
    with _clear_errors():
        from service.documents.limits import Limits
        from service.documents.reader import read_document
        from service.label_studio import annotation_tasks
        from service.outline import outline_document
        from service.rendering import RENDERERS

        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        limits = Limits(max_bytes=sys.maxsize, max_characters=max_characters)
        source = read_document(data, "" if file == "-" else file, limits=limits)
        bundle = _bundle(model, precision, backend, threads)
        result: Any = outline_document(bundle, source, sentences=sentences)
        if output_format == "label-studio":
            version = f"{bundle.manifest.name} {bundle.manifest.version}"
            result = annotation_tasks(result, "stdin" if file == "-" else Path(file).stem, version)
        if output_format in ("json", "label-studio"):
            typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
        else:
            typer.echo(RENDERERS[output_format](result))


@app.command("label-studio-config")
def label_studio_config() -> None:
    """打印 Label Studio 项目的标注界面配置（XML）；任务由 outline --format label-studio 给出。"""
    from service.label_studio import labelling_config

    typer.echo(labelling_config(), nl=False)


@app.command()
def score(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="JSONL 文件；- 表示标准输入。")],
    output: Annotated[
        str, typer.Option("--output", "-o", envvar="ZHANGFA_OUTPUT", help="输出文件；- 表示标准输出。")
    ] = "-",
    all_scores: Annotated[
        bool, typer.Option("--all-scores", envvar="ZHANGFA_ALL_SCORES", help="输出全部标签的概率。")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", envvar="ZHANGFA_RESUME", help="从上次中断处继续。")] = False,
    max_characters: MaxCharactersOption = 50_000,
    model: ModelOption = EMBEDDED_MODEL,
    precision: PrecisionOption = "auto",
    backend: BackendOption = "onnxruntime",
    threads: ThreadsOption = 0,
) -> None:
    """给 JSONL 的每一行打分，保持次序。"""
    with _clear_errors():
        from service.batch.records import read_records
        from service.batch.scorer import ScoreOptions, ScoreSummary, part_file, whole_lines, write_scores

        if source != "-" and not Path(source).is_file():
            raise InputError(f"找不到输入文件 {source}")
        if resume and output == "-":
            raise InputError("--resume 需要 -o 指定输出文件")
        bundle = _bundle(model, precision, backend, threads)

        def show(summary: ScoreSummary) -> None:
            typer.echo(
                f"\r已完成 {summary.n_skipped + summary.n_rows} 行，失败 {summary.n_failed} 行", nl=False, err=True
            )

        with _opened(source) as lines:
            records = read_records(lines, max_characters)
            options = ScoreOptions(all_scores=all_scores)
            if output == "-":
                summary = write_scores(bundle, records, sys.stdout, options, progress=show)
            else:
                target, part = Path(output), part_file(Path(output))
                if resume and target.exists() and not part.exists():
                    typer.echo(f"{target} 已经完成，没有要续做的", err=True)
                    return
                n_done = whole_lines(part) if resume and part.exists() else 0
                with part.open("a" if n_done else "w", encoding="utf-8") as out:
                    summary = write_scores(bundle, records, out, options, n_done, show)
                part.replace(target)
        typer.echo("", err=True)
        if summary.n_failed:
            raise typer.Exit(EXIT_SOME_FAILED)


@app.command()
def info(
    model: ModelOption = EMBEDDED_MODEL,
    as_json: Annotated[bool, typer.Option("--json", envvar="ZHANGFA_JSON", help="输出完整清单。")] = False,
) -> None:
    """显示模型的名称、版本、标签和测得的准确率。"""
    with _clear_errors():
        from service.core.bundle import read_manifest

        manifest = read_manifest(model)
        manifest.check_compatible()
        if as_json:
            typer.echo(manifest.to_json(), nl=False)
            return
        typer.echo(f"{manifest.name} {manifest.version}  标签体系 {manifest.taxonomy_version}  目录 {model}")
        for label in LABELS:
            typer.echo(f"  {label.id:<13}{label.zh}  {label.definition}")
        for name, metrics in manifest.metrics.items():
            if "macro_f1" in metrics:
                value, low, high = (metrics["macro_f1"][k] for k in ("value", "low", "high"))
                typer.echo(f"在 {name} 上测得 macro-F1 {value:.3f}(95% 区间 {low:.3f}–{high:.3f})")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(envvar="ZHANGFA_HOST", help="监听地址。")] = None,
    port: Annotated[int | None, typer.Option(envvar="ZHANGFA_PORT", help="监听端口。")] = None,
    model: Annotated[Path | None, typer.Option(envvar="ZHANGFA_MODEL", help="模型目录。")] = None,
    precision: Annotated[
        PrecisionChoice | None, typer.Option(envvar="ZHANGFA_PRECISION", help="模型精度；auto 按处理器选择。")
    ] = None,
    backend: Annotated[Backend | None, typer.Option(envvar="ZHANGFA_BACKEND", help="推理库。")] = None,
    threads: Annotated[int | None, typer.Option(envvar="ZHANGFA_THREADS", help="推理线程数。")] = None,
) -> None:
    """启动 HTTP 服务；其余设置用 ZHANGFA_ 开头的环境变量。"""
    with _clear_errors():
        from service.api.server import run

        given: dict[str, Any] = {
            "host": host,
            "port": port,
            "model": model,
            "precision": precision,
            "backend": backend,
            "threads": threads,
        }
        try:
            settings = Settings(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            problem = error.errors()[0]
            name = "_".join(map(str, problem["loc"])).upper()
            raise InputError(f"设置 ZHANGFA_{name} 不对：{problem['msg']}") from error
        run(settings)


if __name__ == "__main__":
    app()
