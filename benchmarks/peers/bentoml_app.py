"""BentoML over the same ONNX file: adaptive batches of up to 32."""

from typing import Any

import bentoml
from classifier import Classifier


@bentoml.service(traffic={"timeout": 30}, workers=1)
class Service:
    """One worker, batched."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=1000)
    def predict(self, inputs: list[str]) -> list[list[dict[str, Any]]]:
        """Score a batch."""
        return self.classifier(inputs)
