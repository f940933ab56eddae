"""The manifest, the service worker and what travels compressed."""

from __future__ import annotations

import gzip
import io

import httpx2
import pytest
from PIL import Image

from stumper.front import installing, statics
from tests.front.world import join, start


async def test_the_manifest_speaks_the_readers_language_and_names_icons_that_exist(
    phone: httpx2.AsyncClient,
) -> None:
    reply = await phone.get("/manifest.webmanifest", headers={"Accept-Language": "ar"})
    manifest = reply.json()

    assert reply.headers["content-type"] == "application/manifest+json"
    assert (manifest["lang"], manifest["dir"], manifest["display"]) == ("ar", "rtl", "standalone")
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        drawn = Image.open(io.BytesIO((await phone.get(icon["src"])).content))
        assert icon["sizes"] == f"{drawn.width}x{drawn.height}"


async def test_the_service_worker_changes_with_the_files_and_is_asked_for_anew(
    phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await phone.get("/sw.js")
    monkeypatch.setattr(installing, "DIGEST", "0123456789ab")
    after = await phone.get("/sw.js")

    assert statics.DIGEST in before.text
    assert before.text != after.text
    assert before.headers["cache-control"] == "no-cache"
    assert before.headers["content-type"].startswith("text/javascript")
    assert "worker-src 'self'" in before.headers["content-security-policy"]


async def test_the_offline_page_is_about_nobody(phone: httpx2.AsyncClient) -> None:
    stranger = await phone.get("/offline")
    player = await join(phone)
    known = await phone.get("/offline")

    assert stranger.text == known.text
    assert player["id"] not in known.text


@pytest.mark.parametrize("name", ["stumper.css", "play.js", "favicon.svg"])
async def test_what_is_text_travels_compressed_to_whoever_can_read_it(
    phone: httpx2.AsyncClient, name: str
) -> None:
    packed = await phone.get(statics.asset(name), headers={"Accept-Encoding": "gzip, br"})
    plain = await phone.get(statics.asset(name), headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.content == plain.content == gzip.decompress(statics.packed(name) or b"")


async def test_fonts_and_drawings_are_packed_already(phone: httpx2.AsyncClient) -> None:
    for name in ("fonts/fredoka-latin.woff2", "icons/icon-192.png"):
        reply = await phone.get(statics.asset(name), headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in reply.headers


async def test_pages_travel_compressed_and_streamed_answers_do_not(phone: httpx2.AsyncClient) -> None:
    page = await phone.get("/", headers={"Accept-Encoding": "gzip"})
    await join(phone)
    turn = (await start(phone))["turn"]
    answer = await phone.post(
        f"/api/turns/{turn['id']}/exchanges",
        json={"question": "How many dots are there?", "key": "k"},
        headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip"},
    )

    assert page.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers
    assert "event: exchange" in answer.text
