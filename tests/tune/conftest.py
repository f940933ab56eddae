"""A small model and a small release for each file of tests; a file may make others of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tune import small  # imports torch, which not every test here needs

    return small.base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tune import small

    return small.release(tmp_path_factory.mktemp("release"))
