"""The API against schemathesis: no server error, and every response as its document says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import examples
from tests.security.openapi import attack, operations
from tests.security.stand import Stand, stand

pytestmark = pytest.mark.slow


@pytest.fixture(params=["in the process", "over HTTP"])
def opened(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Stand]:
    with stand(tmp_path, template=sqlite_template, http=request.param == "over HTTP") as one:
        one.renew()
        yield one


def test_every_operation_answers_as_its_document_says(opened: Stand) -> None:
    for operation in operations(opened):
        attack(opened, operation, examples=examples(3))
