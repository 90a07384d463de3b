#!/usr/bin/env bash
# From plain text and labelled rows to models/zhangfa-small. CORPUS holds domain/ and general/; REAL holds train.jsonl
# and dev.jsonl. Pretraining goes on from its checkpoint if it was stopped.
set -euo pipefail
: "${CORPUS:?folder of plain text}" "${REAL:?folder of labelled rows}" "${RUN:=runs}"

zhangfa-train tokenizer --corpus "$CORPUS/domain" --corpus "$CORPUS/general/broadcast_news.txt.xz=0.2" -o "$RUN/tokenizer"
zhangfa-train pretrain --corpus "$CORPUS/domain=3" --corpus "$CORPUS/general/broadcast_news.txt.xz" \
    --corpus "$CORPUS/general/laws.txt.xz=0.5" --corpus "$CORPUS/general/trade_news.txt.xz" \
    --corpus "$CORPUS/general/encyclopedia.txt.xz" \
    --tokenizer "$RUN/tokenizer" -o "$RUN/pretrain" --hours "${HOURS:-2}"
zhangfa-train finetune --base "$RUN/pretrain" --train training/data/authored/paragraphs.jsonl \
    --train "$REAL/train.jsonl" --dev "$REAL/dev.jsonl" -o "$RUN/finetune"
zhangfa-train export --model "$RUN/finetune" --train training/data/authored/paragraphs.jsonl \
    --train "$REAL/train.jsonl" --dev "$REAL/dev.jsonl" -o models/zhangfa-small
zhangfa-train evaluate "$REAL/dev.jsonl" --train training/data/authored/paragraphs.jsonl \
    --train "$REAL/train.jsonl" -o docs/evaluation.md
