#!/usr/bin/env bash
# A virtual environment for each peer server, in $PEERS; the pipeline runs in the project's own.
set -euo pipefail
: "${PEERS:?folder for their virtual environments}" "${PYTHON:=python3}"

for peer in litserve mosec bentoml infinity; do
    "$PYTHON" -m venv "$PEERS/$peer"
done
for peer in litserve mosec bentoml; do
    "$PEERS/$peer/bin/pip" install --quiet "$peer" onnxruntime tokenizers numpy
done
# torch comes first, by itself, so that nothing else chooses a larger build of it
"$PEERS/infinity/bin/pip" install --quiet torch==2.13.0
"$PEERS/infinity/bin/pip" install --quiet 'infinity-emb[server,torch]' 'transformers<5' 'optimum<2.2'
