"""What became of a player's catches, in a browser: a phone, a desk, light and dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from stumper.curate.belief import Cause
from stumper.store import schema
from tests.browser.conftest import DESK, PHONE, Screen, Sites
from tests.browser.test_learned import joined
from tests.front.test_catches import claimed

pytestmark = pytest.mark.browser
TOLD = (
    ("How many ducks are in the pond?", "seven", "accepted", Cause.CONFIRMED),
    ("Which hand is the girl raising, the one in the red coat with very long sleeves?", "left", "rejected",
     Cause.MODEL_RIGHT),
    ("How many cats and what colour are they?", "two", "rejected", Cause.SEVERAL),
    ("What does the sign say?", "CALL 416-977-6629", "disputed", Cause.PERSONAL),
    ("How many legs has the dog?", "four", "rejected", Cause.GUESSABLE),
)  # fmt: skip


@pytest.mark.parametrize("screen", [PHONE, DESK, replace(PHONE, dark=True), replace(DESK, dark=True)])
async def test_every_catch_has_its_picture_and_its_reason(sites: Sites, screen: Screen) -> None:
    async with sites() as site:
        page, player_id = await joined(site, screen)
        await page.goto("/me/catches")
        await site.shoot(page, f"catches-none-{screen.name}{'-dark' if screen.dark else ''}")
        await claimed(site.world, player_id, [(question, right) for question, right, _, _ in TOLD] * 5)
        async with site.world.app.database.begin() as tx:
            for n in range(5 * len(TOLD)):
                _, _, status, cause = TOLD[n % len(TOLD)]
                change = update(schema.claim).where(schema.claim.c.id == f"cl-{n}")
                await tx.execute(change.values(status=status, reason=cause.value, decided_at=100.0 - n))

        await page.goto("/me/catches")
        await page.wait_for_load_state("networkidle")

        assert await page.locator(".lesson").count() == 20
        for image in await page.locator(".lesson img").all():
            await image.scroll_into_view_if_needed()
            await page.wait_for_function("image => image.naturalWidth > 0", arg=await image.element_handle())
        await page.evaluate("scrollTo(0, 0)")
        await site.shoot(page, f"catches-{screen.name}{'-dark' if screen.dark else ''}", whole=True)
        await page.get_by_role("link", name="Older").click()
        await page.wait_for_url("**/me/catches?page=2")
        assert await page.locator(".lesson").count() == 5
        assert site.complaints == []
