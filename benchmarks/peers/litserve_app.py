"""LitServe over the same ONNX file: batches of up to 32, five milliseconds of waiting."""

import sys
from typing import Any

import litserve
from classifier import Classifier


class Api(litserve.LitAPI):
    """One worker, batched."""

    def setup(self, device: str) -> None:
        """Load the model in the worker."""
        self.classifier = Classifier()

    def decode_request(self, request: dict[str, Any]) -> str:
        """The text of a request."""
        text: str = request["inputs"]
        return text

    def predict(self, texts: list[str]) -> list[Any]:
        """Score a batch."""
        return self.classifier(texts)

    def encode_response(self, output: Any) -> Any:
        """The answer as it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        Api(max_batch_size=32, batch_timeout=0.005, api_path="/predict"), accelerator="cpu", workers_per_device=1
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False, log_level="error"
    )
