"""The JSON Schema of milestones.yaml, generated from the types; editors complete and check by it."""

from typing import Any

import msgspec

from .model import Plan

_COMMAND = (
    {"type": "string", "minLength": 1},
    {"type": "array", "items": {"type": "string"}, "minItems": 1},
    {
        "type": "object",
        "properties": {"shell": {"type": "string", "minLength": 1}},
        "required": ["shell"],
        "additionalProperties": False,
    },
)


def schema_text() -> str:
    """The text of the published schema file."""
    schema = _without_null(msgspec.json.schema(Plan))
    definitions = schema["$defs"]
    definitions["Command"] = {
        "title": "Command",
        "description": definitions["Command"]["description"],
        "anyOf": list(_COMMAND),
    }
    check = definitions["Check"]
    definitions["Check"] = {
        "title": check.pop("title"),
        "description": check.pop("description"),
        "anyOf": [{"$ref": "#/$defs/Command"}, check],
    }
    published = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "milestones.yaml", **schema}
    return msgspec.json.format(msgspec.json.encode(published), indent=2).decode() + "\n"


def _without_null(schema: Any) -> Any:
    """The same schema where absent means left out: the file never says null."""
    match schema:
        case {"anyOf": [only, {"type": "null"}], **others}:
            return _without_null({**only, **{key: value for key, value in others.items() if key != "default"}})
        case dict():
            return {key: _without_null(value) for key, value in schema.items()}
        case list():
            return [_without_null(item) for item in schema]
    return schema
