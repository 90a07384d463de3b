"""Prometheus metrics of one application; all are there before the first request."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from service.core.labels import LABEL_IDS

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
REJECTIONS = (
    "overloaded",
    "too-large",
    "invalid-input",
    "empty-text",
    "malformed-json",
    "unsupported-type",
    "unauthenticated",
    "not-ready",
    "timeout",
)


class Metrics:
    """The metrics and the registry they live in."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.requests = Counter("zhangfa_requests", "Answers by route and status.", ["route", "status"], registry=r)
        self.request_seconds = Histogram(
            "zhangfa_request_seconds", "Whole request.", ["route"], buckets=_SECONDS, registry=r
        )
        self.tokenize_seconds = Histogram("zhangfa_tokenize_seconds", "Tokenisation.", buckets=_SECONDS, registry=r)
        self.queue_seconds = Histogram(
            "zhangfa_queue_seconds", "Wait of a paragraph before its batch.", buckets=_SECONDS, registry=r
        )
        self.inference_seconds = Histogram("zhangfa_inference_seconds", "One batch.", buckets=_SECONDS, registry=r)
        self.batch_paragraphs = Histogram(
            "zhangfa_batch_paragraphs", "Paragraphs in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128), registry=r
        )
        self.batch_tokens = Histogram(
            "zhangfa_batch_tokens", "Tokens in a batch.", buckets=(16, 32, 64, 128, 256, 512, 1024), registry=r
        )
        self.queued_paragraphs = Gauge("zhangfa_queued_paragraphs", "Paragraphs waiting.", registry=r)
        self.queued_tokens = Gauge("zhangfa_queued_tokens", "Tokens waiting.", registry=r)
        self.failed_batches = Counter("zhangfa_failed_batches", "Batches the model failed on.", registry=r)
        self.labels = Counter(
            "zhangfa_labels",
            "Texts by the label that each got by itself.",
            ["label"],
            registry=r,
        )
        self.rejections = Counter("zhangfa_rejections", "Refused requests by cause.", ["cause"], registry=r)
        for label in LABEL_IDS:
            self.labels.labels(label)
        for cause in REJECTIONS:
            self.rejections.labels(cause)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count and time a whole request."""
        self.requests.labels(route, status).inc()
        self.request_seconds.labels(route).observe(seconds)

    def count_rejection(self, code: str) -> None:
        """Count a refused request by the code of its answer; other problems are no refusals."""
        if code in REJECTIONS:
            self.rejections.labels(code).inc()

    def exposition(self) -> bytes:
        """Prometheus text format."""
        return generate_latest(self.registry)
