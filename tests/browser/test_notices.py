"""What was noticed about a player, and their appeal, on a phone."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from stumper.records import PlayerId, Rules
from stumper.store.schema import exchange, player
from stumper.trust.signals import Kind
from stumper.trust.watch import queries
from stumper.trust.watch.appeals import decide
from stumper.trust.watch.kept import Facts, State, Stored
from tests.browser.conftest import PHONE, Site, Sites
from tests.browser.test_play import answered, ask, land, say_wrong

pytestmark = pytest.mark.browser


async def notice_two(site: Site) -> PlayerId:
    async with site.world.app.database.begin() as tx:
        player_id = PlayerId((await tx.execute(select(player.c.id))).scalar_one())
        for kind, strength in ((Kind.COPIED, 4.0), (Kind.TOGETHER, 3.0)):
            facts = Facts(common=7, chances=9, q=1e-5, partners=[PlayerId("x")])
            one = Stored(player_id, kind, strength, facts, State.OPEN)
            await queries.write_signal(tx, site.world.campaign.id, one, known=False, now=time.time())
    return player_id


async def test_a_player_reads_what_was_noticed_and_appeals(sites: Sites) -> None:
    async with sites(rules=Rules(turns=1, control_share=0.0)) as site:
        page = await site.open(PHONE)
        await land(page)
        player_id = await notice_two(site)
        await page.locator('[data-ui="question"]').dispatch_event("paste")
        await ask(page, "How many flowers are there?")
        await answered(page)
        await say_wrong(page, "eleven")
        await expect(page.get_by_role("heading", name="Something we noticed")).to_be_visible()
        await site.shoot(page, "phone-9-noticed", whole=True)
        await page.get_by_label("How did it come about?").fill("My sister and I play side by side.")
        await page.get_by_role("button", name="Send it to a person").click()
        await expect(page.get_by_text("We have your message and will look at it.")).to_be_visible()
        await site.shoot(page, "phone-9-appealed", whole=True)
        await decide(
            site.world.app.database, site.world.campaign.id, player_id, dismiss=True,
            answer="Greetings to your sister!", now=time.time(),
        )  # fmt: skip
        await page.goto("/points")
        await expect(page.get_by_text("Greetings to your sister!")).to_be_visible()
        await site.shoot(page, "phone-9-answered")
        async with site.world.app.database.read() as tx:
            assert (await tx.execute(select(exchange.c.pasted))).scalars().all() == [True]
        assert site.complaints == []
