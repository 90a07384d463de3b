"""Fine-tune a pretrained encoder to classify paragraphs, with context and context dropout."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from service.core.encode import Encoder, EncodingConfig
from service.core.labels import LABEL_IDS
from service.core.predictor import combine_windows
from training.data.mixed import MixedParagraph
from training.data.schema import LabelledParagraph
from training.dataset import EvaluationWindows, TrainingWindows, WindowCollator, examples, sentence_examples
from training.metrics import accuracy, macro_f1


@dataclass(frozen=True)
class FinetuneConfig:
    """How to fine-tune.

    :ivar head_learning_rate: for the pooler and the classifier, which start from noise.
    :ivar drop_all: probability that an example is shown without any context.
    :ivar drop_part: probability that the headings, the text before or the text after is hidden, each by itself.
    :ivar crop_share: probability that a paragraph which does one thing is asked for a run of its sentences only.
    :ivar secondary_share: target probability of the secondary label.
    :ivar patience: epochs without a better macro-F1 before training stops.
    :ivar random_weights: begin with noise in the shape of the base, and not with its weights.
    """

    n_epochs: int = 5
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    batch_size: int = 16
    weight_decay: float = 0.01
    warmup_share: float = 0.06
    dropout: float = 0.1
    drop_all: float = 0.25
    drop_part: float = 0.15
    crop_share: float = 0.0
    secondary_share: float = 0.2
    label_smoothing: float = 0.05
    patience: int = 3
    random_weights: bool = False
    bf16: bool = True
    seed: int = 0


def load_encoder(base: Path | str, config: EncodingConfig | None = None) -> Encoder:
    """The serving encoder over the tokenizer of a pretrained model, local or from the hub.

    :raises BundleError: the tokenizer lacks ``[CLS]`` or ``[SEP]``.
    """
    return Encoder.from_tokenizer(AutoTokenizer.from_pretrained(base).backend_tokenizer, config)


def load_classifier(base: Path | str, dropout: float, random_weights: bool = False) -> PreTrainedModel:
    """A sequence classifier with the labels of the taxonomy over a pretrained encoder, local or from the hub.

    :param dropout: of hidden states and of the classifier; none of attention, which is slow to draw on a CPU.
    :param random_weights: take only the shape of ``base``, to see what its pretraining is worth.
    """
    config = AutoConfig.from_pretrained(
        base,
        id2label=dict(enumerate(LABEL_IDS)),
        label2id={label: i for i, label in enumerate(LABEL_IDS)},
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
    )
    options: dict[str, Any] = {"attn_implementation": "eager", "dtype": torch.float32}
    if random_weights:
        return AutoModelForSequenceClassification.from_config(config, **options)
    return AutoModelForSequenceClassification.from_pretrained(base, config=config, **options)


def optimizer_for(model: PreTrainedModel, config: FinetuneConfig) -> torch.optim.Optimizer:
    """AdamW with a higher rate for the new layers and no decay on vectors."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        new = "pooler" in name or "classifier" in name
        rate = config.head_learning_rate if new else config.learning_rate
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "lr": rate, "weight_decay": d} for (rate, d), p in groups.items()], fused=True
    )


@dataclass(frozen=True)
class SoftCrossEntropy:
    """Cross-entropy against target distributions *of shape* ``(n, n_labels)``, smoothed towards uniform."""

    smoothing: float

    def each(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """The loss of each example, *shape* ``(n,)``."""
        targets = labels * (1 - self.smoothing) + self.smoothing / labels.shape[-1]
        return functional.cross_entropy(outputs.logits.float(), targets, reduction="none")

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        return self.each(outputs, labels).mean()


@dataclass(frozen=True)
class WindowMetrics:
    """Macro-F1 and accuracy of whole paragraphs from the logits of their windows."""

    windows: EvaluationWindows

    def __call__(self, prediction: EvalPrediction) -> dict[str, float]:
        logits = combine_windows(
            self.windows.in_reading_order(np.asarray(prediction.predictions)), self.windows.encoded
        )
        predicted = [LABEL_IDS[i] for i in logits.argmax(axis=-1)]
        gold = [item.label for item in self.windows.items]
        return {"macro_f1": macro_f1(gold, predicted), "accuracy": accuracy(gold, predicted)}


class LengthGroupedTrainer(Trainer):  # type: ignore[misc]
    """Draws batches of like length, which halves the padding."""

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        dataset = train_dataset or self.train_dataset
        return LengthGroupedSampler(self.args.per_device_train_batch_size, lengths=dataset.lengths)


def finetune(
    base: Path | str,
    train: Sequence[LabelledParagraph],
    dev: Sequence[LabelledParagraph],
    output: Path,
    config: FinetuneConfig | None = None,
    encoding: EncodingConfig | None = None,
    mixed: Sequence[MixedParagraph] = (),
    trainer_class: type[LengthGroupedTrainer] = LengthGroupedTrainer,
) -> dict[str, float]:
    """Train, keep the epoch with the best dev macro-F1, and save model and tokenizer in ``output``.

    :param base: folder of a pretrained model, or a hub name such as ``hfl/chinese-roberta-wwm-ext``.
    :param mixed: paragraphs that mix functions, whose sentences are examples of their own.
    :param trainer_class: another way to train, for comparison.
    :returns: the dev metrics of the weights kept.
    """
    config = config or FinetuneConfig()
    set_seed(config.seed)
    encoder = load_encoder(base, encoding)
    model = load_classifier(base, config.dropout, config.random_weights)
    train_set = TrainingWindows(
        [*examples(train, config.secondary_share), *chain.from_iterable(sentence_examples(train, mixed))],
        encoder,
        drop_all=config.drop_all,
        drop_part=config.drop_part,
        crop_share=config.crop_share,
        seed=config.seed,
    )
    dev_set = EvaluationWindows(examples(dev), encoder)
    n_steps = config.n_epochs * -(-len(train_set) // config.batch_size)
    arguments = TrainingArguments(
        output_dir=str(output / "checkpoints"),
        num_train_epochs=config.n_epochs,
        learning_rate=config.learning_rate,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=32,
        warmup_steps=int(n_steps * config.warmup_share),
        lr_scheduler_type="linear",
        use_cpu=not torch.cuda.is_available(),
        bf16=config.bf16,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        logging_steps=50,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        report_to="none",
        seed=config.seed,
        disable_tqdm=True,
    )
    trainer = trainer_class(
        model=model,
        args=arguments,
        train_dataset=train_set,
        eval_dataset=dev_set,
        data_collator=WindowCollator(model.config.pad_token_id or 0),
        compute_loss_func=SoftCrossEntropy(config.label_smoothing),
        compute_metrics=WindowMetrics(dev_set),
        optimizers=(optimizer_for(model, config), None),
        callbacks=[EarlyStoppingCallback(config.patience)],
    )
    trainer.train()
    evaluations = [entry for entry in trainer.state.log_history if "eval_macro_f1" in entry]
    metrics = max(evaluations, key=lambda entry: entry["eval_macro_f1"])
    model.to(torch.float16).save_pretrained(output)  # half the size; parity is checked against these weights
    AutoTokenizer.from_pretrained(base).save_pretrained(output)
    return {name.removeprefix("eval_"): value for name, value in metrics.items() if name.startswith("eval_")}
