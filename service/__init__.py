"""What is deployed: the shared core, the HTTP service and the batch scorer. Never imports torch."""

__version__ = "0.5.0"
