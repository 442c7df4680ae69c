"""Where an answer and the official OpenAPI description differ.

`schwab_openapi.json` is an extract of "Schwab Trader API - Individual", OpenAPI 1.0.0: the four endpoints that the
sandbox has, and the schemas that they use. JSON Schema does not know OpenAPI's discriminators and takes fields that no
schema names; both are made strict here, so that each field of an answer has to stand in the description or be named as
a difference.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

_EXTRACT: Schema = json.loads((Path(__file__).parent / "schwab_openapi.json").read_text())


class Difference(NamedTuple):
    """`place` begins with the type of the account or instrument; `what` is a field, or what a field should have been."""

    place: str
    what: str


def differences(path: str, status: int, body: str) -> set[Difference]:
    """How the answer of a GET on `path` differs from what is described for this status."""
    described = _EXTRACT["paths"][path]["get"]["responses"][str(status)]
    if "$ref" in described:
        described = _EXTRACT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    schema = described["content"]["application/json"]["schema"]
    document = json.loads(body, parse_float=Decimal)
    validator = Draft202012Validator({**schema, "components": _STRICT})
    found: set[Difference] = set()
    for error in validator.iter_errors(document):
        found |= {Difference(_place(document, error), what) for what in _whats(error)}
    return found


def described_fields(schema: str) -> set[str]:
    """The fields that a schema names, those of its bases included."""
    return set(_STRICT["schemas"][schema]["properties"])


def _strict(components: Schema) -> Schema:
    schemas = components["schemas"]
    return {"schemas": {name: _strict_schema(schema, schemas) for name, schema in schemas.items()}}


def _strict_schema(schema: Schema, schemas: Schema) -> Schema:
    if "mapping" in schema.get("discriminator", {}):
        return _by_discriminator(schema["discriminator"])
    if "properties" not in schema and "allOf" not in schema:
        return schema
    parts = [schema, *(schemas[each["$ref"].rpartition("/")[2]] for each in schema.get("allOf", []))]
    return {
        "properties": {name: value for part in parts for name, value in part.get("properties", {}).items()},
        "required": [name for part in parts for name in part.get("required", [])],
        "additionalProperties": False,
    }


def _by_discriminator(discriminator: Schema) -> Schema:
    name, mapping = discriminator["propertyName"], discriminator["mapping"]
    choices = [
        {"if": {"properties": {name: {"const": value}}}, "then": {"$ref": reference}}
        for value, reference in mapping.items()
    ]
    return {"required": [name], "properties": {name: {"enum": list(mapping)}}, "allOf": choices}


_STRICT = _strict(_EXTRACT["components"])


def _place(document: Any, error: ValidationError) -> str:
    """The names on the way, beginning with the kind of account or of instrument."""
    names: list[str] = []
    here = document
    for step in error.absolute_path:
        here = here[step]
        if step in {"securitiesAccount", "instrument"}:
            names = [here.get("type" if step == "securitiesAccount" else "assetType", "?")]
        elif isinstance(step, str):
            names.append(step)
    return ".".join(names)


def _whats(error: ValidationError) -> list[str]:
    if error.validator == "additionalProperties":
        return re.findall(r"'(\w+)'", error.message)
    if error.validator == "required":
        return [error.message]
    return [f"{error.validator}: {error.validator_value}" if error.validator == "type" else str(error.validator)]
