"""Requests and answers of the HTTP interface."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.core.labels import LABEL_IDS
from service.settings import MOST_PARAGRAPHS

TopK = Annotated[int, Field(ge=1, le=len(LABEL_IDS), description="只返回得分最高的若干个标签")]


class Strict(BaseModel):
    """Refuses unknown fields, so that a misspelt option is an error and not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PredictRequest(Strict):
    """One text or a list of texts, each a paragraph of its own."""

    inputs: str | Annotated[list[str], Field(max_length=MOST_PARAGRAPHS, fail_fast=True)]
    top_k: TopK | None = None
    raw_scores: bool = Field(False, description="返回未校准的 logits")


class LabelScore(BaseModel):
    """A label and its score."""

    label: str
    score: float


class ParagraphRequest(Strict):
    """A paragraph, optionally with what stands around it."""

    text: str
    id: str | int | None = None
    headings: list[str] = Field(default_factory=list, max_length=16, description="上级标题，由外到内")
    before: str = Field("", description="前一段原文")
    after: str = Field("", description="后一段原文")


class ClassifyRequest(Strict):
    """Paragraphs with context."""

    paragraphs: list[ParagraphRequest] = Field(min_length=1, max_length=MOST_PARAGRAPHS, fail_fast=True)
    top_k: TopK | None = None
    min_score: float = Field(0.0, ge=0, le=1, description="最高分低于它的段落标为 abstained")


class ModelName(BaseModel):
    """Which model answered."""

    name: str
    version: str
    taxonomy_version: str


class ParagraphAnswer(BaseModel):
    """The scores of one paragraph."""

    id: str | int | None
    label: str
    score: float
    scores: list[LabelScore]
    n_tokens: int
    n_windows: int
    abstained: bool


class ClassifyAnswer(BaseModel):
    """The model and its answers, in the order asked."""

    model: ModelName
    paragraphs: list[ParagraphAnswer]


class DocumentRequest(Strict):
    """A whole text."""

    text: str
    title: str | None = Field(None, max_length=300, description="篇名，作为第一级上下文")
    format: Literal["txt", "md", "html"] = Field("txt", description="正文格式")
    sentences: bool = Field(False, description="对含多句的段落，同时给出各句的功能")


class SpanAnswer(BaseModel):
    """Sentences of one function in a row."""

    start: int
    end: int
    label: str
    score: float


class RepeatsAnswer(BaseModel):
    """The earlier paragraph that this one repeats, and how like it is: 1 is word for word."""

    index: int
    likeness: float


class DocumentParagraph(BaseModel):
    """One paragraph of the text; offsets are Unicode code points, end exclusive.

    ``part`` is the number of the speech in a collection, from 0, and null elsewhere; a paragraph of the role ``noise``
    belongs to the web page and not to a speech. ``level`` is that of the heading that the paragraph is or begins with.
    ``spans`` is null unless sentences were asked for and there are several.
    """

    index: int
    start: int
    end: int
    part: int | None
    role: Literal["heading", "salutation", "body", "signature", "date", "noise"]
    level: int | None
    section: list[str]
    text: str
    label: str
    score: float
    n_windows: int
    repeats: RepeatsAnswer | None
    scores: list[LabelScore]
    spans: list[SpanAnswer] | None = None


class SectionAnswer(BaseModel):
    """A section of a speech, or the speech itself, with its main function and that function's share of characters.

    ``index`` is the paragraph of its heading, null for a whole speech.
    """

    part: int | None
    index: int | None
    level: int | None
    section: list[str]
    label: str
    share: float


class DocumentAnswer(BaseModel):
    """The paragraphs, the outline and the share of each function by characters."""

    model: ModelName
    title: str | None
    text: str | None = Field(None, description="从文件中取出的正文，偏移量指向它；JSON 请求的纯文本不再重复")
    paragraphs: list[DocumentParagraph]
    outline: list[SectionAnswer]
    label_shares: dict[str, float]


class ExportParagraph(Strict):
    """A paragraph as the reader left it."""

    text: str
    label: Literal[LABEL_IDS]  # type: ignore[valid-type]
    role: str = "body"
    level: int | None = None


class WordRequest(Strict):
    """Labelled paragraphs that become a Word file."""

    title: str | None = Field(None, max_length=300)
    paragraphs: list[ExportParagraph] = Field(min_length=1, max_length=MOST_PARAGRAPHS, fail_fast=True)
