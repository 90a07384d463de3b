"""What most people write first: FastAPI around the transformers pipeline on torch."""

import os
import sys
from typing import Any

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

torch.set_num_threads(int(os.environ["BENCHMARK_THREADS"]))
classifier = pipeline(
    "text-classification",
    model=os.environ["BENCHMARK_MODEL"],
    top_k=None,
    truncation=True,
    max_length=384,
    dtype=torch.float32,
)
app = FastAPI()


class Body(BaseModel):
    """One text."""

    inputs: str


@app.post("/predict")
def predict(body: Body) -> Any:
    """Scores of every label."""
    return classifier(body.inputs)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
