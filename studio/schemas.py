"""The words that OpenAPI documents are put together from."""

from collections.abc import Iterable
from typing import Any

from errors import GreenroomError

Schema = dict[str, Any]

ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def whole_object(properties: Schema, required: Iterable[str] | None = None) -> Schema:
    """An object with these properties and no others; all of them, unless `required` says less."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties if required is None else required),
        "properties": properties,
    }


def answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def link(operation_id: str, parameter: str, source: str) -> Schema:
    return {"operationId": operation_id, "parameters": {parameter: source}}


def refusals(errors: Iterable[type[GreenroomError]], media_type: str, schema: Schema) -> Schema:
    """An answer for each status of `errors`, which names their codes."""
    by_status: dict[str, list[str]] = {}
    for error in errors:
        by_status.setdefault(str(error.status), []).append(error.code)
    return {
        status: {"description": ", ".join(codes), "content": {media_type: {"schema": schema}}}
        for status, codes in sorted(by_status.items())
    }
