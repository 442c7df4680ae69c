from __future__ import annotations

import re

import jsonschema
import pytest
from flask import Flask

from oauth_web.app import create_app
from oauth_web.openapi import DESCRIPTION
from settings import Settings
from tests.oauth_web.given import Browser, Host


def test_the_description_has_exactly_the_routes_that_there_are() -> None:
    app = create_app(Settings(), {})
    there = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint != "static" and method not in {"HEAD", "OPTIONS"}
    }
    assert there == {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}


def test_the_description_is_served() -> None:
    assert Browser(create_app(Settings(), {})).open("/openapi.json").json == DESCRIPTION


@pytest.mark.servers
def test_answers_are_as_described(app: Flask) -> None:
    schemas = DESCRIPTION["components"]["schemas"]
    jsonschema.validate(Host(app).ask().json, schemas["Link"])
    jsonschema.validate(Host(app).ask(broker="nobank").json, schemas["Error"])
    jsonschema.validate(Browser(app).open("/readyz").json, schemas["Readiness"])
