"""How a catch became data, in a browser: a phone in light, a desk in the dark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from stumper.curate.belief import Cause
from stumper.store import schema
from tests.browser.conftest import DESK, PHONE, Screen, Sites
from tests.browser.test_learned import joined
from tests.front.lessons import SOME, catch
from tests.front.test_caught import caught

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("screen", [PHONE, replace(DESK, dark=True)])
async def test_the_way_of_a_catch_is_a_line_of_steps(sites: Sites, screen: Screen, tmp_path: Path) -> None:
    async with sites() as site:
        page, player_id = await joined(site, screen)
        await caught(site.world, player_id, tmp_path)
        async with site.world.app.database.begin() as tx:
            await catch(tx, site.world, player_id, SOME[2:], name="now")
            wrong = {"status": "rejected", "reason": Cause.WRONG_CORRECTION.value}
            await tx.execute(update(schema.claim).where(schema.claim.c.id == "cnow-1").values(**wrong))

        for name, claim_id, steps in (("data", "cl-0", 5), ("open", "cnow-0", 5), ("refused", "cnow-1", 2)):
            await page.goto(f"/me/catch/{claim_id}")
            await page.wait_for_load_state("networkidle")

            assert await page.locator(".steps > li").count() == steps
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= screen.width
            await site.shoot(page, f"caught-{name}-{screen.name}{'-dark' if screen.dark else ''}", whole=True)
        assert site.complaints == []
