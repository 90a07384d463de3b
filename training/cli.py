"""``zhangfa-train``: every step from plain text and labelled paragraphs to a model directory."""

import json
import random
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from service.core.runtime import Precision
from training.data.mixed import AUTHORED_MIXED, read_mixed
from training.data.schema import (
    AUTHORED_PARAGRAPHS,
    LabelledFileError,
    LabelledParagraph,
    read_authored_documents,
    read_labelled,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

CorpusOption = Annotated[
    list[str],
    typer.Option("--corpus", help="Text file, folder or labelled JSONL, optionally =WEIGHT (3: thrice an epoch)."),
]


@app.command()
def tokenizer(
    corpus: CorpusOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for tokenizer.json.")],
    vocab_size: int = 12_000,
    max_piece_length: int = 4,
    max_characters: Annotated[int, typer.Option(help="Train on about this many characters.")] = 18_000_000,
    max_tokens: Annotated[int, typer.Option(help="Longest sequence of the model to come.")] = 512,
    seed: int = 0,
) -> None:
    """Train a tokenizer whose pieces may span several characters."""
    from training.corpus import Source, sample_documents
    from training.tokenizer import save_tokenizer, train_tokenizer

    paragraphs = [p for document in sample_documents(map(Source.parse, corpus), seed) for p in document]
    random.Random(seed).shuffle(paragraphs)
    n_characters, n_kept = 0, 0
    while n_kept < len(paragraphs) and n_characters < max_characters:
        n_characters += len(paragraphs[n_kept])
        n_kept += 1
    trained = train_tokenizer(paragraphs[:n_kept], vocab_size, max_piece_length)
    output.mkdir(parents=True, exist_ok=True)
    save_tokenizer(trained, output, max_tokens)
    n_pieces = sum(len(e.ids) for e in trained.encode_batch_fast(paragraphs[:2000], add_special_tokens=False))
    ratio = sum(map(len, paragraphs[:2000])) / max(n_pieces, 1)
    typer.echo(f"{trained.get_vocab_size()} pieces from {n_characters} characters, {ratio:.2f} characters a token")


@app.command()
def pretrain(
    corpus: CorpusOption,
    tokenizer: Annotated[Path, typer.Option(help="Folder with tokenizer.json.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Run folder; an unfinished run there goes on.")],
    hours: float = 2.0,
    hidden_size: int = 320,
    n_layers: int = 6,
    n_heads: int = 5,
    intermediate_size: int = 1280,
    learning_rate: float = 1e-3,
    batch_tokens: int = 8192,
    warm_start: Annotated[bool, typer.Option(help="Start the embeddings from word2vec on the same tokens.")] = True,
    start: Annotated[
        Path | None, typer.Option(help="Go on from this model, which has the same tokenizer; the shape is its own.")
    ] = None,
    seed: int = 0,
    device: str = "cpu",
) -> None:
    """Pretrain a small BERT on plain text, from scratch or from an earlier model, within a wall-clock budget."""
    from training.initialization import word2vec_embeddings
    from training.pretrain import CHECKPOINT, PretrainConfig, Pretraining
    from training.tokens import load_tokens

    config = PretrainConfig(
        hours=hours,
        hidden_size=hidden_size,
        n_layers=n_layers,
        n_heads=n_heads,
        intermediate_size=intermediate_size,
        learning_rate=learning_rate,
        batch_tokens=batch_tokens,
        seed=seed,
    )
    tokens, vocab_size, special_ids = load_tokens(corpus, tokenizer, output, seed)
    fresh = start is None and not (output / CHECKPOINT).exists()
    embeddings = word2vec_embeddings(tokens, vocab_size, hidden_size, seed) if warm_start and fresh else None
    Pretraining(
        config,
        tokens,
        output,
        vocab_size=vocab_size,
        special_ids=special_ids,
        embeddings=embeddings,
        start=start,
        device=device,
    ).run()


TrainOption = Annotated[
    list[Path], typer.Option("--train", help="Labelled JSONL to train on; may be repeated. Default: the authored set.")
]

MixedOption = Annotated[
    list[Path], typer.Option("--mixed", help="JSONL of mixed paragraphs with their boundaries; may be repeated.")
]


@app.command()
def finetune(
    base: Annotated[str, typer.Option(help="Folder of a pretrained model, or a hub name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the fine-tuned model.")],
    train: TrainOption = [AUTHORED_PARAGRAPHS],  # noqa: B006
    dev: Annotated[
        list[Path],
        typer.Option(help="Labelled JSONL for early stopping; may be repeated. Default: a tenth of the documents."),
    ] = [],  # noqa: B006
    mixed: MixedOption = [],  # noqa: B006
    n_epochs: int = 5,
    learning_rate: float = 1e-4,
    head_learning_rate: Annotated[float, typer.Option(help="Of the pooler and the classifier.")] = 1e-3,
    batch_size: int = 16,
    crop_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="How often a paragraph of one function shows a run of its sentences only."),
    ] = 0.0,
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="Begin with noise in the shape of the base, for comparison.")
    ] = False,
    seed: int = 0,
) -> None:
    """Fine-tune a pretrained model on labelled paragraphs."""
    from training.data.split import split_by_document
    from training.finetune import FinetuneConfig
    from training.finetune import finetune as run

    rows = [row for path in train for row in _labelled(path)]
    if dev:
        dev_rows = [row for path in dev for row in _labelled(path)]
    else:
        rows, dev_rows = split_by_document(rows, held_out_share=0.1, seed=seed)
    config = FinetuneConfig(
        n_epochs=n_epochs,
        learning_rate=learning_rate,
        head_learning_rate=head_learning_rate,
        batch_size=batch_size,
        crop_share=crop_share,
        random_weights=random_weights,
        seed=seed,
    )
    mixed_rows = [row for path in mixed for row in read_mixed(path)]
    metrics = run(base, rows, dev_rows, output, config, mixed=mixed_rows)
    typer.echo(json.dumps({"n_train": len(rows), "n_dev": len(dev_rows), **metrics}))


@app.command()
def pseudolabel(
    corpus: CorpusOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="JSONL to write, with a score for each label.")],
    train: TrainOption = [AUTHORED_PARAGRAPHS],  # noqa: B006
    model: Annotated[
        list[Path], typer.Option("--model", help="Model directory of an earlier student; may be repeated.")
    ] = [],  # noqa: B006
    n_paragraphs: int = 12_000,
    seed: int = 0,
) -> None:
    """Let a teacher trained on the labelled rows label plain documents, for a first stage of fine-tuning."""
    from training.corpus import Source, sample_documents
    from training.dataset import examples
    from training.teacher import Teacher

    rows = [row for path in train for row in _labelled(path)]
    documents = list(sample_documents(map(Source.parse, corpus), seed))
    labelled = Teacher.train(examples(rows), model).label_documents(documents, n_paragraphs, seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w", encoding="utf-8") as out:
        for row in labelled:
            out.write(row.model_dump_json(exclude_none=True) + "\n")
    counts = Counter(row.label for row in labelled)
    typer.echo(f"{len(labelled)} paragraphs: " + ", ".join(f"{label} {n}" for label, n in counts.most_common()))


@app.command()
def average(
    models: Annotated[list[Path], typer.Argument(help="Folders of fine-tuned models that come from one another.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the mean.")],
) -> None:
    """Average the weights of fine-tuned models."""
    from training.average import average as run

    run(models, output)


@app.command()
def export(
    model: Annotated[Path, typer.Option(help="Folder of the fine-tuned model.")],
    dev: Annotated[Path, typer.Option(help="Labelled JSONL for parity, temperature and the card's figures.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model directory to write.")],
    train: TrainOption = [AUTHORED_PARAGRAPHS],  # noqa: B006
    mixed: MixedOption = [],  # noqa: B006
    name: str = "zhangfa-small",
    version: Annotated[str, typer.Option(help="Of the model.")] = "0.3.0",
) -> None:
    """Export to ONNX, check parity, calibrate, measure, and write the model directory."""
    from service.core.encode import EncodingConfig
    from training.release import ReleaseRequest, release

    manifest = release(ReleaseRequest(model, output, name, version, train, dev, EncodingConfig(), mixed))
    typer.echo(json.dumps(manifest.metrics, indent=2))


@app.command()
def evaluate(
    data: Annotated[list[Path], typer.Argument(help="Labelled JSONL; several files make several sections.")],
    model: Annotated[Path, typer.Option(help="Model directory.")] = Path("models/zhangfa-small"),
    train: Annotated[list[Path], typer.Option("--train", help="Rows to train the baselines on.")] = [],  # noqa: B006
    arm: Annotated[
        list[str], typer.Option("--arm", help="NAME=FOLDER of another fine-tuned model to set beside; may be repeated.")
    ] = [],  # noqa: B006
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Markdown report; default: print it.")] = None,
    precision: Annotated[Precision, typer.Option(help="int8 or fp32.")] = "int8",
) -> None:
    """Measure a model directory on labelled paragraphs, beside the baselines and other models."""
    from service.core.bundle import Bundle
    from training.arms import measure_arm
    from training.evaluate import evaluate as run
    from training.report import draw_calibration, draw_confusion, markdown

    rows = [row for path in train for row in _labelled(path)]
    authored = {row.text for row in _labelled(AUTHORED_PARAGRAPHS)}
    bundle = Bundle.load(model, precision)
    folders = {name: Path(folder) for name, _, folder in (one.partition("=") for one in arm)}
    pages, results = [f"# {bundle.manifest.name} {bundle.manifest.version}, {precision}\n"], {}
    for path in data:
        test = _labelled(path)
        results[path.stem] = run(bundle, test, rows)
        arms = {name: measure_arm(folder, test) for name, folder in folders.items()}
        page = markdown(results[path.stem], path.stem, arms, authored)
        if output is not None:
            picture = output.with_name(f"{output.stem}_{path.stem}.png")
            draw_confusion(results[path.stem].confusion, picture)
            page += f"![confusion matrix of {path.stem}]({picture.name})\n"
        pages.append(page)
    if output is None:
        typer.echo("\n".join(pages))
        return
    calibration = output.with_name(f"{output.stem}_calibration.png")
    draw_calibration(results, calibration)
    pages.append(f"## Calibration\n\n![accuracy over confidence]({calibration.name})\n")
    output.write_text("\n".join(pages), encoding="utf-8")


@app.command()
def split(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for train.jsonl and held_out.jsonl.")],
) -> None:
    """Part the authored set into the documents to train on and those held out, as their description says."""
    held_out = {document.document for document in read_authored_documents() if document.held_out}
    rows = _labelled(AUTHORED_PARAGRAPHS)
    output.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train", False), ("held_out", True)):
        part = [row for row in rows if (row.document in held_out) is chosen]
        lines = [row.model_dump_json(exclude_none=True) + "\n" for row in part]
        (output / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        typer.echo(f"{name}: {len(part)} paragraphs of {len({row.document for row in part})} documents")


@app.command()
def validate(data: Annotated[list[Path], typer.Argument(help="Labelled JSONL.")] = [AUTHORED_PARAGRAPHS]) -> None:  # noqa: B006
    """Check labelled files against the schema and report counts and near-duplicates."""
    from training.data.split import near_duplicate_pairs

    for path in data:
        rows = _labelled(path)
        counts = Counter(row.label for row in rows)
        typer.echo(f"{path}: {len(rows)} paragraphs, {len({row.document for row in rows})} documents")
        typer.echo("  " + ", ".join(f"{label} {n}" for label, n in counts.most_common()))
        pairs = near_duplicate_pairs(rows)
        typer.echo(f"  {len(pairs)} near-duplicate pairs" + "".join(f"\n    {a} {b}" for a, b in pairs))


@app.command()
def spans(
    data: Annotated[Path, typer.Argument(help="Mixed paragraphs with their boundaries.")] = AUTHORED_MIXED,
    model: Annotated[Path, typer.Option(help="Model directory.")] = Path("models/zhangfa-small"),
    precision: Precision = "int8",
    show: Annotated[bool, typer.Option("--show", help="Also print every paragraph that is not wholly right.")] = False,
) -> None:
    """Measure the spans of sentences on mixed paragraphs, by characters."""
    from service.core.bundle import Bundle
    from training.span_accuracy import character_accuracy, judge, whole_paragraph_accuracy

    judged = judge(Bundle.load(model, precision), read_mixed(data))
    typer.echo(f"{len(judged)} paragraphs, {sum(len(item.spans) for item in judged)} characters")
    typer.echo(f"spans of sentences: {character_accuracy(judged)}")
    typer.echo(f"one label a paragraph: {whole_paragraph_accuracy(judged):.3f}")
    for item in judged if show else []:
        if item.n_right < len(item.spans):
            runs = [f"{label} {len(list(run))}" for label, run in groupby(item.spans)]
            gold = [f"{label} {len(text)}" for label, text in item.gold.segments]
            typer.echo(f"{' + '.join(gold)} -> {' + '.join(runs)}: {item.gold.text}")


@app.command()
def annotations(
    source: Annotated[Path, typer.Argument(help="Export of a Label Studio project, format JSON.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Labelled JSONL to write.")],
    skip_disagreements: Annotated[
        bool, typer.Option("--skip-disagreements", help="Leave out paragraphs on which annotators differ.")
    ] = False,
) -> None:
    """Turn annotations made in Label Studio into labelled rows for ``finetune --train``."""
    from training.data.annotations import read_annotations

    rows = list(read_annotations(source, skip_disagreements=skip_disagreements))
    lines = [json.dumps(row.model_dump(exclude_defaults=True), ensure_ascii=False) + "\n" for row in rows]
    output.write_text("".join(lines), encoding="utf-8")
    typer.echo(json.dumps({"n_paragraphs": len(rows), "n_documents": len({row.document for row in rows})}))


@app.command()
def audit(
    paths: Annotated[list[Path], typer.Argument(help="Labelled JSONL; each document is judged by all the others.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="JSONL to write: doubtful labels, worst first.")],
) -> None:
    """List labels that the rest of the set speaks against, to be read again (cleanlab)."""
    from training.audit import out_of_fold_scores, suspects

    rows = [row for path in paths for row in _labelled(path)]
    found = suspects(rows, out_of_fold_scores(rows))
    with output.open("w", encoding="utf-8") as out:
        for suspect in found:
            line = {
                "id": suspect.row.id,
                "label": suspect.row.label,
                "suggested": suspect.suggested,
                "quality": round(suspect.quality, 4),
                "text": suspect.row.text,
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    typer.echo(json.dumps({"n_paragraphs": len(rows), "n_suspects": len(found)}))


@app.command()
def composition(
    compared: Annotated[Path | None, typer.Option(help="Another labelled JSONL to compare the wording with.")] = None,
) -> None:
    """Print how the authored set is spread."""
    from training.data.composition import composition as describe

    rows = _labelled(AUTHORED_PARAGRAPHS)
    typer.echo(describe(rows, read_authored_documents(), _labelled(compared) if compared else ()))


def _labelled(path: Path) -> list[LabelledParagraph]:
    try:
        return read_labelled(path)
    except LabelledFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
