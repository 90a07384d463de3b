"""The model card, generated from the manifest's measured figures."""

from typing import Any

from service.core.bundle import Manifest
from service.core.labels import LABELS


def model_card(manifest: Manifest, sizes: dict[str, int]) -> str:
    """README.md of the model directory, in Hub format.

    :param sizes: bytes of each file.
    """

    def figures(name: str, metrics: dict[str, Any]) -> list[str]:
        def interval(values: dict[str, float]) -> str:
            return f"{values['value']:.3f} ({values['low']:.3f} to {values['high']:.3f})"

        return [
            f"### {name}",
            "",
            f"{metrics['n_paragraphs']} paragraphs of {metrics['n_documents']} documents, int8 model.",
            "",
            "| | macro-F1 (95%, bootstrap over documents) |",
            "|---|---|",
            f"| with document context | {interval(metrics['macro_f1'])} |",
            f"| paragraph alone | {interval(metrics['macro_f1_without_context'])} |",
            *(f"| baseline: {b} | {interval(v)} |" for b, v in metrics["baselines"].items()),
            "",
            f"Accuracy {metrics['accuracy']:.3f}, expected calibration error "
            f"{metrics['expected_calibration_error']:.3f}. Predictions with a score of "
            f"{metrics['abstention']['min_score']:.2f} or more are right in {metrics['abstention']['accuracy']:.0%} of "
            f"cases; they are {metrics['abstention']['coverage']:.0%} of all.",
            "",
        ]

    parity = manifest.metrics.get("parity", {})
    lines = [
        "---",
        "language: zh",
        "license: apache-2.0",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "---",
        "",
        f"# {manifest.name} {manifest.version}",
        "",
        "A small Chinese BERT that says what a paragraph of an official text *does* "
        f"(taxonomy {manifest.taxonomy_version}).",
        "",
        "| label | 中文 | definition |",
        "|---|---|---|",
        *(f"| {label.id} | {label.zh} | {label.definition} |" for label in LABELS),
        "",
        "## Training data",
        "",
        "Pretrained from scratch on Chinese work reports, party and government news, leaders' speeches, broadcast",
        "news, laws and encyclopedia text; fine-tuned on labelled paragraphs:",
        "",
        *(f"- `{name}` sha256 `{digest[:16]}…`" for name, digest in manifest.data.items()),
        "",
        "Labels were made by a language model that follows the project's annotation guideline, not by human",
        "annotators. The last file served for early stopping and calibration, never for training.",
        "",
        "## Measured",
        "",
    ]
    for name, metrics in manifest.metrics.items():
        if isinstance(metrics, dict) and "macro_f1" in metrics:
            lines += figures(name, metrics)
    if parity:
        lines += [
            "Parity with torch on the evaluation text: "
            f"float32 largest logit difference {parity['fp32']['largest_difference']:.1e}, "
            f"labels flipped {parity['fp32']['flip_share']:.2%}; "
            f"int8 {parity['int8']['largest_difference']:.2f}, flipped {parity['int8']['flip_share']:.2%}, "
            f"macro-F1 {-parity['int8']['f1_loss']:+.3f}.",
            "",
        ]
    lines += [
        "## Files",
        "",
        "| file | MB |",
        "|---|---|",
        *(f"| `{name}` | {size / 1e6:.1f} |" for name, size in sorted(sizes.items())),
        "",
        "## Limits",
        "",
        "Trained for mainland Chinese official prose. Neighbouring functions (tasks and assurance, situation and",
        "problems) are confused most; use the scores, and read before you rely on single paragraphs.",
        "",
    ]
    return "\n".join(lines)
