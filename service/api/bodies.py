"""Request bodies straight from their bytes.

FastAPI would parse the JSON and then check it in a second pass, and resolve its dependencies around that; here pydantic
does both at once. A paragraph is scored in a few milliseconds, so this is a noticeable share of a request.
"""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from service.api.problems import Problem

_TOO_MANY_ERRORS = 1000

Body = TypeVar("Body", bound=BaseModel)


async def read_json(request: Request, model: type[Body]) -> Body:
    """The body of a request as a model.

    :raises RequestValidationError: it is not JSON, or does not fit the model.
    :raises Problem: it does not fit in a great many places.
    """
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        if (n := error.error_count()) > _TOO_MANY_ERRORS:  # to list them all would hold up everybody else
            raise Problem(422, "invalid-input", f"请求体有 {n} 处不对：请对照 /docs 检查字段") from error
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        ) from error


def body_schema(model: type[BaseModel], **other: Any) -> dict[str, Any]:
    """What the interactive documentation says about a body that :func:`read_json` reads.

    :param other: schemas of further media types, by media type.
    """
    schema = model.model_json_schema()
    content = {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {}))}, **other}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced, which would not point anywhere inside the whole interface's schema."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}
