"""mosec over the same ONNX file: batches of up to 32, five milliseconds of waiting."""

from typing import Any

from classifier import Classifier
from mosec import Runtime, Server, Worker


class Inference(Worker):
    """One worker, batched."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    def forward(self, data: list[dict[str, Any]]) -> list[Any]:
        """Score a batch."""
        return self.classifier([item["inputs"] for item in data])


if __name__ == "__main__":
    server = Server()
    server.register_runtime({"/predict": [Runtime(worker=Inference, num=1, max_batch_size=32, max_wait_time=5)]})
    server.run()
