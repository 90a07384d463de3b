"""The outline of a document as plain text, Markdown or a page of its own."""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from service.core.labels import LABEL_BY_ID
from service.core.text import normalize
from service.palette import stylesheet

Answer = Mapping[str, Any]

_DOUBTFUL = 0.5


def _line(text: str) -> str:
    """A paragraph on one line; the breaks of its page join Chinese characters without a space."""
    return "".join(text.split("\n")) if "\n" in text else text


def _main_functions(answer: Answer) -> dict[int, str]:
    """Name of the main function of each section, by the index of its heading."""
    return {s["index"]: LABEL_BY_ID[s["label"]].zh for s in answer["outline"] if s["index"] is not None}


def _shares(answer: Answer) -> list[tuple[str, float]]:
    return sorted(answer["label_shares"].items(), key=lambda pair: -pair[1])


def _speeches(answer: Answer) -> Iterator[tuple[int | None, Answer]]:
    """Each paragraph, with the number of its speech where a new one begins."""
    part = None
    for paragraph in answer["paragraphs"]:
        new = paragraph["part"] is not None and paragraph["part"] != part
        part = paragraph["part"] if new else part
        yield (part if new else None), paragraph


def render_text(answer: Answer, width: int = 46) -> str:
    """One line a paragraph, cut to ``width`` characters and indented by section, then the label shares."""
    lines = []
    functions = _main_functions(answer)
    for speech, p in _speeches(answer):
        if speech is not None:
            lines.append(f"—— 第 {speech + 1} 篇 ——")
        text = normalize(p["text"]) if "\n" in p["text"] else p["text"]
        text = text if len(text) <= width else text[: width - 1] + "…"
        doubt = "?" if p["score"] < _DOUBTFUL else " "
        main = f"  〔{functions[p['index']]}〕" if p["role"] == "heading" and p["index"] in functions else ""
        lines.append(f"{LABEL_BY_ID[p['label']].zh}{doubt} {p['score']:.2f}  {'  ' * len(p['section'])}{text}{main}")
        lines += [
            f"{'  ' * (len(p['section']) + 4)}· {LABEL_BY_ID[span['label']].zh} {span['score']:.2f}"
            f" {span['end'] - span['start']} 字"
            for span in p.get("spans") or []
            if len(p["spans"]) > 1
        ]
    shares = "  ".join(f"{LABEL_BY_ID[label].zh} {share:.0%}" for label, share in _shares(answer))
    return "\n".join([*lines, "", f"各功能占字数：{shares}"])


def render_markdown(answer: Answer) -> str:
    """Headings as headings, every other paragraph after its function in brackets, then a table of shares."""
    blocks = []
    functions = _main_functions(answer)
    for speech, p in _speeches(answer):
        if speech is not None:
            blocks.append(f"# 第 {speech + 1} 篇")
        text = _markdown_escape(_line(p["text"]))
        if p["role"] == "heading":
            main = f" 〔{functions[p['index']]}〕" if p["index"] in functions else ""
            blocks.append(f"{'#' * min(len(p['section']) + 1 + (p['part'] is not None), 6)} {text}{main}")
        else:
            blocks.append(f"**〔{LABEL_BY_ID[p['label']].zh} {p['score']:.2f}〕** {text}")
    rows = [f"| {LABEL_BY_ID[label].zh} | {share:.1%} |" for label, share in _shares(answer)]
    return "\n\n".join([*blocks, "\n".join(["| 功能 | 占字数 |", "|---|---:|", *rows])]) + "\n"


def _markdown_escape(text: str) -> str:
    """Keep what the writer typed from being read as markup; a number with a stop would become a list."""
    for mark in "\\`*_[]<>#|~":
        text = text.replace(mark, "\\" + mark)
    head, dot, rest = text.partition(".")
    return f"{head}\\.{rest}" if dot and head.isdigit() else text


def render_html(answer: Answer, title: str = "章法提纲") -> str:
    """A page by itself, without scripts: every paragraph coloured by its function, and the shares as a bar."""
    functions = _main_functions(answer)
    bar = "".join(
        f'<span class="share label-{label}" style="flex-grow:{share:.4f}" title="{LABEL_BY_ID[label].zh} {share:.1%}">'
        f"{LABEL_BY_ID[label].zh if share >= 0.06 else ''}</span>"
        for label, share in _shares(answer)
    )
    body = []
    for speech, p in _speeches(answer):
        if speech is not None:
            body.append(f"<h1>第 {speech + 1} 篇</h1>")
        name = LABEL_BY_ID[p["label"]].zh
        if p["role"] == "heading":
            level = min(len(p["section"]) + 1 + (p["part"] is not None), 6)
            main = (
                f' <small class="label-{p["label"]}">{functions[p["index"]]}</small>' if p["index"] in functions else ""
            )
            body.append(f"<h{level}>{escape(_line(p['text']))}{main}</h{level}>")
        else:
            body.append(
                f'<p class="paragraph label-{p["label"]}"><b>{name}</b>'
                f"<i>{p['score']:.2f}</i> {escape(_line(p['text']))}</p>"
            )
    return _PAGE.format(title=escape(title), styles=stylesheet(), bar=bar, body="\n".join(body))


_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{styles}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.8; font-family: system-ui, sans-serif; }}
.shares {{ display: flex; border-radius: 6px; overflow: hidden; font-size: .75rem; }}
.share {{ background: var(--fill); color: var(--ink); padding: 2px 4px; text-align: center; white-space: nowrap; }}
.paragraph {{ border-left: 4px solid var(--mark); background: var(--fill); color: var(--ink); padding: .4rem .8rem; }}
.paragraph b, .paragraph i {{ font-size: .8rem; margin-right: .5rem; }}
h1, h2, h3, h4, h5, h6 {{ font-size: 1.1rem; }}
small {{ font-weight: normal; opacity: .7; }}
</style>
</head>
<body>
<div class="shares">{bar}</div>
{body}
</body>
</html>
"""

RENDERERS: dict[str, Callable[[Answer], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "html": render_html,
}
