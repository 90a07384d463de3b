#!/usr/bin/env bash
# From plain text and labelled rows to models/zhangfa-small. CORPUS holds domain/ and general/; REAL holds train.jsonl
# and dev.jsonl. Pretraining goes on from its checkpoint if it was stopped; START, a model directory with the same
# tokenizer, spares its beginning, and its weights are part of the mean in the end.
set -euo pipefail
: "${CORPUS:?folder of plain text}" "${REAL:?folder of labelled rows}" "${RUN:=runs}" "${START:=}"
AUTHORED=training/data/authored

if [ -n "$START" ]; then
    BEGIN=(--tokenizer "$START" --start "$START")
else
    zhangfa-train tokenizer --corpus "$CORPUS/domain" --corpus "$CORPUS/general/broadcast_news.txt.xz=0.2" \
        -o "$RUN/tokenizer"
    BEGIN=(--tokenizer "$RUN/tokenizer")
fi
zhangfa-train pretrain --corpus "$CORPUS/domain=3" --corpus "$CORPUS/general/broadcast_news.txt.xz" \
    --corpus "$CORPUS/general/laws.txt.xz=0.5" --corpus "$CORPUS/general/trade_news.txt.xz" \
    --corpus "$CORPUS/general/encyclopedia.txt.xz" \
    --corpus "$AUTHORED/paragraphs.jsonl=4" --corpus "$REAL/train.jsonl=4" \
    "${BEGIN[@]}" -o "$RUN/pretrain" --hours "${HOURS:-3.5}" --learning-rate 8e-4

zhangfa-train split -o "$RUN/split"
HELD_OUT=(--dev "$REAL/dev.jsonl" --dev "$RUN/split/held_out.jsonl")
LABELLED=(--train "$RUN/split/train.jsonl" --train "$REAL/train.jsonl")
SPEECHES=()
for name in national_reports provincial_reports_2025 provincial_reports_2026 leader_speeches_2020 site_articles \
    county_news coop_news notices party_news_2020; do
    SPEECHES+=(--corpus "$CORPUS/domain/$name.txt.xz")
done
SPEECHES[-1]+="=0.1"
zhangfa-train pseudolabel "${SPEECHES[@]}" "${LABELLED[@]}" --n-paragraphs 12000 -o "$RUN/pseudolabelled.jsonl"
zhangfa-train finetune --base "$RUN/pretrain" --train "$RUN/pseudolabelled.jsonl" "${HELD_OUT[@]}" \
    --n-epochs 1 -o "$RUN/distilled"
zhangfa-train finetune --base "$RUN/distilled" "${LABELLED[@]}" --mixed "$AUTHORED/mixed_train.jsonl" \
    "${HELD_OUT[@]}" --n-epochs 3 --crop-share 0.2 -o "$RUN/first"
zhangfa-train finetune --base "$RUN/first" "${LABELLED[@]}" --mixed "$AUTHORED/mixed_train.jsonl" \
    "${HELD_OUT[@]}" --n-epochs 2 --crop-share 0.3 --learning-rate 6e-5 --head-learning-rate 2e-4 -o "$RUN/second"
zhangfa-train average "$RUN/first" "$RUN/second" ${START:+"$START"} -o "$RUN/averaged"

zhangfa-train export --model "$RUN/averaged" "${LABELLED[@]}" --mixed "$AUTHORED/mixed_train.jsonl" \
    --dev "$REAL/dev.jsonl" -o models/zhangfa-small
zhangfa-train evaluate "$REAL/dev.jsonl" "$RUN/split/held_out.jsonl" "${LABELLED[@]}" -o docs/evaluation.md
zhangfa-train spans
