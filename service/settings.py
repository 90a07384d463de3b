"""Settings of the service; each is also an environment variable with the prefix ``ZHANGFA_``."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.core.runtime import Backend, PrecisionChoice

_PACKAGED_MODEL = Path(__file__).parent / "models" / "zhangfa-small"
_CHECKOUT_MODEL = Path(__file__).parent.parent / "models" / "zhangfa-small"
EMBEDDED_MODEL = _PACKAGED_MODEL if _PACKAGED_MODEL.is_dir() else _CHECKOUT_MODEL


MOST_PARAGRAPHS = 10_000  # of one request, however the service is set


class Settings(BaseSettings):
    """Everything that can be set, with its default and its bounds."""

    model_config = SettingsConfigDict(env_prefix="ZHANGFA_", extra="ignore", protected_namespaces=())

    model: Path = Field(EMBEDDED_MODEL, description="模型目录")
    precision: PrecisionChoice = Field("auto", description="模型精度；auto 按处理器选择")
    backend: Backend = Field("onnxruntime", description="推理库；openvino 需安装同名的附加组件")
    threads: int = Field(0, ge=0, le=256, description="推理线程数；0 表示按 CPU 配额")
    host: str = Field("127.0.0.1", description="监听地址")
    port: int = Field(8000, ge=0, le=65535, description="监听端口；0 表示任选空闲端口")
    api_key: SecretStr | None = Field(None, description="设置后，请求须带 Authorization: Bearer <密钥>")
    max_body_bytes: int = Field(4_000_000, ge=1_000, description="请求体字节上限")
    max_upload_bytes: int = Field(20_000_000, ge=1_000, description="上传文件的字节上限")
    max_held_bytes: int = Field(100_000_000, ge=1_000, description="内存中请求体的字节总数上限，超过时新的请求得到 429")
    max_pages: int = Field(500, ge=1, description="PDF 的页数上限")
    max_paragraphs: int = Field(1_000, ge=1, le=MOST_PARAGRAPHS, description="一次请求的段落数上限")
    max_characters: int = Field(50_000, ge=100, description="单个段落的字符上限")
    max_document_characters: int = Field(500_000, ge=1_000, description="单个文档的字符上限")
    max_document_paragraphs: int = Field(10_000, ge=100, description="单个文档的段数上限，逐句判定时含句数")
    max_open_requests: int = Field(1_000, ge=1, description="同时处理的推理请求数上限，超过时返回 429")
    max_queued_tokens: int = Field(30_000, ge=1_000, description="排队的词元达到它时，新的请求得到 429")
    batch_tokens: int = Field(512, ge=512, description="一批推理的词元上限(含补齐)")
    body_seconds: float = Field(30.0, gt=0, description="请求体须在多少秒内发完，回答的每一块须在多少秒内收走")
    stop_seconds: int = Field(30, ge=1, description="收到 SIGTERM 后最多等多少秒，让已接受的请求得到回答")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="日志级别")
