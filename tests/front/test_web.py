"""The pages: what a stranger sees, what a stale or forged request gets, and headers that keep a page safe."""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update

from stumper.curate.desk.dealing import Empty
from stumper.front import referee, statics
from stumper.front.auth import COOKIE
from stumper.front.i18n import LANGUAGES
from stumper.front.wire import BodyLimit
from stumper.store.schema import player
from tests.front.conftest import Worlds
from tests.front.world import World, ask, join, judge, play_through, start

STATIC = Path(statics.__file__).parent / "static"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
FORM = {"nickname": "Ada", "language": "en", "consent": "1"}


def seen(page: httpx2.Response) -> str:
    """The page as text, without tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


# ---- landing and joining ----


async def test_a_stranger_finds_one_button_and_no_form_in_the_way(phone: httpx2.AsyncClient) -> None:
    page = await phone.get("/?team=OWLS&invite=abc")

    assert re.findall(r'class="button play" href="([^"]+)"', page.text) == [
        "/tutorial?team=OWLS&amp;invite=abc"
    ]
    assert "<input" not in page.text


async def test_joining_asks_for_a_name_a_language_and_a_box(phone: httpx2.AsyncClient) -> None:
    page = await phone.get("/join?team=OWLS", headers={"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.5"})

    assert page.status_code == 200
    assert 'name="nickname"' in page.text
    assert all(name in page.text for name in LANGUAGES.values())
    assert '<option value="pt" lang="pt" selected>' in page.text
    assert 'name="consent"' in page.text
    assert "CC BY 4.0" in seen(page)
    assert "/privacy" in page.text
    assert '<input type="hidden" name="team" value="OWLS">' in page.text
    assert 'name="time_zone"' in page.text
    assert len(re.findall(r'class="button play"', page.text)) == 1


async def test_joining_leads_straight_to_the_first_picture(phone: httpx2.AsyncClient) -> None:
    reply = await phone.post("/join", data=FORM)

    assert reply.status_code == 303
    assert COOKIE in phone.cookies
    page = await phone.get(reply.headers["location"])
    assert page.status_code == 200
    assert 'data-turn-seconds="120.0"' in page.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"consent": ""}, "consent"),
        ({"nickname": "  "}, "name has 1 to 40"),
        ({"nickname": "x" * 200}, "yours has 200"),
        ({"language": "../etc"}, "names no language"),
    ],
)
async def test_a_fault_is_told_beside_what_was_typed(
    phone: httpx2.AsyncClient, change: dict[str, str], says: str
) -> None:
    page = await phone.post("/join", data={**FORM, "nickname": "Zoe", **change}, headers=BROWSER)

    assert page.status_code in {403, 422}
    assert says in seen(page)
    assert f'value="{change.get("nickname", "Zoe")[:40]}"' in page.text
    assert COOKIE not in phone.cookies


async def test_a_name_with_markup_is_shown_as_text(phone: httpx2.AsyncClient) -> None:
    await phone.post("/join", data={**FORM, "nickname": "<b onclick=x>Eve</b>"})

    page = await phone.get("/")

    assert "<b onclick" not in page.text
    assert "<b onclick=x>Eve</b>" in html.unescape(page.text)


async def test_a_player_who_comes_back_is_greeted_and_can_leave(phone: httpx2.AsyncClient) -> None:
    await phone.post("/join", data=FORM)
    assert "Welcome back, Ada" in seen(await phone.get("/"))

    await phone.post("/leave")

    assert COOKIE not in phone.cookies
    assert "Welcome back" not in seen(await phone.get("/"))


async def test_a_cookie_of_a_player_who_is_gone_may_join_again(
    world: World, phone: httpx2.AsyncClient
) -> None:
    phone.cookies.set(COOKIE, world.web.state.cookies.value("nobody"))

    assert 'href="/tutorial"' in (await phone.get("/")).text
    assert (await phone.post("/play", headers=BROWSER)).status_code == 404
    assert (await phone.post("/join", data=FORM)).status_code == 303


# ---- playing ----


async def test_play_resumes_where_the_player_was(phone: httpx2.AsyncClient) -> None:
    first = await phone.post("/join", data=FORM)

    again = await phone.post("/play")

    assert again.headers["location"] == first.headers["location"]


async def test_opening_the_address_of_the_play_button_starts_nothing(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    reply = await phone.get("/play")

    assert (reply.status_code, reply.headers["location"]) == (303, "/")


async def test_the_play_page_tells_nothing_of_its_pictures(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)

    pages = []
    while not session["finished"]:
        pages.append((await phone.get(f"/sessions/{session['id']}")).text)
        session = (await phone.post(f"/api/turns/{session['turn']['id']}/skip")).json()

    assert len(pages) == 4
    assert len(set(pages)) == 1


async def test_a_finished_session_leads_to_its_end_and_an_unfinished_one_back(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    address = f"/sessions/{session['id']}"

    early = await phone.get(f"{address}/end")
    await play_through(phone, world.clock, session)
    late = await phone.get(address)

    assert (early.status_code, early.headers["location"]) == (303, address)
    assert (late.status_code, late.headers["location"]) == (303, f"{address}/end")


async def test_the_end_tells_points_secrets_and_how_to_check_them(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    await play_through(phone, world.clock, session)

    page = await phone.get(f"/sessions/{session['id']}/end")
    again = await phone.get(f"/sessions/{session['id']}/end")
    summary = (await phone.get(f"/api/sessions/{session['id']}/summary")).json()

    assert page.text == again.text
    shown = f"{summary['points']:+d}".replace("-", "−") if summary["points"] else "0"
    assert f'<bdi class="big" data-ui="points">{shown}</bdi>' in page.text
    assert all(line["text"].partition(": ")[2] in seen(page) for line in summary["lines"])
    proof = re.search(r"<pre><code>(.*?)</code>", page.text, re.DOTALL)
    assert proof is not None
    assert hashlib.sha256(html.unescape(proof[1]).encode()).hexdigest() == session["commitment"]
    assert session["commitment"] in page.text


async def test_what_players_type_is_text_on_the_end_page(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)
    exchange = (await ask(phone, session["turn"], question="<script>alert(1)</script>")).json()
    session = (await judge(phone, exchange, "wrong", "<img src=x onerror=alert(1)>")).json()
    await play_through(phone, world.clock, session)

    page = await phone.get(f"/sessions/{session['id']}/end")

    assert "<script>" not in page.text
    assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in page.text


# ---- beside the game ----


async def test_the_rule_of_points_is_the_campaigns(phone: httpx2.AsyncClient) -> None:
    text = seen(await phone.get("/points"))

    assert "+20" in text
    assert "−20" in text
    assert "40 of 100" in text


async def test_privacy_names_the_licence_and_the_players_code(phone: httpx2.AsyncClient) -> None:
    stranger = seen(await phone.get("/privacy"))
    me = await join(phone)

    assert "CC BY 4.0" in stranger
    assert me["id"] in (await phone.get("/privacy")).text


async def test_privacy_says_for_how_long_a_network_is_kept(worlds: Worlds) -> None:
    for days, told in ((30, "It is deleted 30 days after"), (1, "It is deleted 1 day after"), (0, None)):
        async with worlds(keep_days=days) as world, world.phone() as phone:
            page = seen(await phone.get("/privacy"))
        assert told is None or told in page
        assert ("It is deleted" in page) is (told is not None)


async def test_only_trusted_players_sit_at_the_referees_desk(world: World, phone: httpx2.AsyncClient) -> None:
    me = await join(phone)
    assert "sharp eyes" in seen(await phone.get("/referee"))

    async with world.app.database.begin() as tx:
        await tx.execute(update(player).where(player.c.id == me["id"]).values(e_value=500.0))

    assert "desk is empty" in seen(await phone.get("/referee"))


async def test_a_referee_whose_rulings_tell_nothing_hears_so(
    world: World, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_sure(*_: object, now: float) -> Empty:
        return Empty.NOT_SURE

    monkeypatch.setattr(referee, "why_empty", not_sure)
    await join(phone)

    assert "desk is closed for you" in seen(await phone.get("/referee"))


async def _claim(world: World, phone: httpx2.AsyncClient) -> str:
    """Marks answers wrong until one of them becomes a claim; returns its id."""
    session = await start(phone)
    for number in range(4):
        exchange = (await ask(phone, session["turn"], key=f"c{number}")).json()
        session = (await judge(phone, exchange, "wrong", "eleven")).json()
    async with world.app.database.read() as tx:
        found = (await tx.exec_driver_sql("SELECT id FROM claim ORDER BY id")).first()
    assert found is not None
    return str(found[0])


async def test_a_referee_rules_on_a_claim_with_one_tap(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    claim_id = await _claim(world, phone)
    async with world.phone() as colleague:
        me = await join(colleague, "Ref")
        async with world.app.database.begin() as tx:
            await tx.execute(update(player).where(player.c.id == me["id"]).values(e_value=500.0))

        picture = await colleague.get(f"/api/claims/{claim_id}/picture")
        first = await colleague.post(f"/referee/{claim_id}", data={"ruling": "player"})
        second = await colleague.post(f"/referee/{claim_id}", data={"ruling": "robot"})
        nonsense = await colleague.post(f"/referee/{claim_id}", data={"ruling": "both"}, headers=BROWSER)
    own = await phone.post(f"/referee/{claim_id}", data={"ruling": "player"}, headers=BROWSER)

    assert picture.content.startswith(b"\x89PNG")
    assert first.status_code == second.status_code == 303
    assert nonsense.status_code == 422
    assert own.status_code == 403
    async with world.app.database.read() as tx:
        votes = (await tx.exec_driver_sql("SELECT model_wrong, correction_right FROM vote")).all()
    assert [(bool(wrong), bool(right)) for wrong, right in votes] == [(True, True)]


# ---- errors and headers ----


async def test_people_get_a_page_and_programs_json(phone: httpx2.AsyncClient) -> None:
    page = await phone.get("/sessions/nope", headers=BROWSER)
    reply = await phone.get("/sessions/nope")

    assert page.status_code == reply.status_code == 401
    assert "start page" in seen(page)
    assert reply.json()["error"]["code"] == "not_signed_in"


async def test_an_empty_pool_is_told_kindly(worlds: Worlds) -> None:
    async with worlds(pictures=0) as world, world.phone(**BROWSER) as phone:
        await join(phone)

        page = await phone.post("/play")

    assert page.status_code == 409
    assert "Not just now" in seen(page)


@pytest.mark.parametrize("address", ["/", "/points", "/nothing", "/api/nothing", "/healthz", "/sessions/x"])
async def test_every_response_carries_the_headers_that_keep_it_safe(
    phone: httpx2.AsyncClient, address: str
) -> None:
    headers = (await phone.get(address, headers=BROWSER)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


async def test_https_is_kept_where_the_operator_offers_it(worlds: Worlds) -> None:
    async with worlds(public_url="https://play.test") as world, world.phone() as phone:
        reply = await phone.post("/join", data=FORM, headers={"Origin": "https://play.test"})

    assert "max-age" in reply.headers["strict-transport-security"]
    assert "secure" in reply.headers["set-cookie"].lower()


async def test_no_page_holds_a_script_or_style_of_its_own(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)
    pages = [
        await phone.get(address) for address in ("/", "/points", "/privacy", f"/sessions/{session['id']}")
    ]
    await play_through(phone, world.clock, session)
    pages.append(await phone.get(f"/sessions/{session['id']}/end"))

    for page in pages:
        assert page.status_code == 200
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page.text))
        assert not re.search(
            r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://(?!creativecommons)", page.text
        )


async def test_static_files_are_kept_for_good_under_their_digest_only(phone: httpx2.AsyncClient) -> None:
    fresh = await phone.get(statics.asset("play.js"))
    stale = await phone.get("/static/000000000000/play.js")

    assert fresh.status_code == stale.status_code == 200
    assert "immutable" in fresh.headers["cache-control"]
    assert stale.headers["cache-control"] == "no-cache"
    assert "javascript" in fresh.headers["content-type"]


@pytest.mark.parametrize("name", ["../web.py", "..%2Fweb.py", "%2e%2e/auth.py", "nothing.css", "", "fonts"])
async def test_no_other_file_is_served(phone: httpx2.AsyncClient, name: str) -> None:
    reply = await phone.get(f"/static/{statics.DIGEST}/{name}")

    assert reply.status_code == 404


def test_everything_the_pages_load_is_small_and_licensed() -> None:
    own = [path for path in STATIC.glob("*") if path.suffix in {".css", ".js"}]
    vendored = [path for path in (STATIC / "vendor").iterdir() if path.suffix == ".js"]

    assert sum(len(gzip.compress(path.read_bytes())) for path in own + vendored) < 60_000
    assert [path.name for path in vendored] == ["htmx-4.0.1.min.js"]
    assert "Zero-Clause BSD" in (STATIC / "vendor" / "htmx-LICENSE.txt").read_text(encoding="utf-8")
    assert "SIL Open Font License" in (STATIC / "fonts" / "LICENSE.txt").read_text(encoding="utf-8")


async def test_a_body_that_grows_without_end_is_cut_off(world: World) -> None:
    read: list[int] = []

    async def app(scope, receive, send) -> None:
        while True:
            read.append(len((await receive())["body"]))

    async def endless() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    with pytest.raises(Exception, match="413"):
        await BodyLimit(app, limit_bytes=5000)({"type": "http", "headers": []}, endless, None)

    assert sum(read) == 5000
