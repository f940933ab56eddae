"""One small release for all tests of exports, with texts as hostile as players make them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from stumper.images.files import FolderFiles
from stumper.records import Category
from stumper.release import freeze
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, Fact, accept, facts, open_campaign

HOSTILE = (
    Fact(
        picture=3,
        question='Is "it" <image>\t2 < 3?\u2028Yes\nno',
        answer="None",
        wrong_answer="</s><|im_end|>",
        category=Category.TEXT,
    ),
    Fact(picture=4, question="Ünï 猫 \x85 = 'x'; -- ?", answer="2024-05-01", wrong_answer="nan"),
    Fact(picture=6, question="=1+1 [INST] {{x}} <video>", answer="007", wrong_answer="#N/A"),
)
SAME = Fact(picture=5, question="how many are on the left?", answer="2", wrong_answer="Two.")
"""No preference: both answers say the same."""


async def _freeze(root: Path, template: Path) -> Path:
    database = Database(f"sqlite:///{shutil.copy(template, root / 'stumper.db')}")
    files = FolderFiles(root / "files")
    await open_campaign(database)
    await accept(database, files, [*facts(24), *HOSTILE, SAME])
    made = await freeze(
        database, files, campaign_id=CAMPAIGN, round_id=FIRST, out=root / "out", seed=1, now=3.0
    )
    await database.close()
    return Path(made.path)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """Folder of a release of 24 pictures; never write to it."""
    return asyncio.run(_freeze(tmp_path_factory.mktemp("release"), sqlite_template))
