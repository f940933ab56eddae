"""Who is asking: an anonymous player named by a signed cookie, and moves from our own pages only.

A player's id never comes from a request body. The cookie holds the id, the player's epoch and when it was
given, signed with the operator's secret; it is HttpOnly and SameSite=Lax. When players come by https it is
Secure, and named so that no other host and no plain http can set it (``__Host-``). Signing out everywhere
begins a new epoch (`parts.signed_in`).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from stumper.accounts.invites import Invites
from stumper.errors import CrossSite, NotSignedIn
from stumper.front.cardtoken import Cards
from stumper.front.hostcookie import HOST
from stumper.observe.logs import note
from stumper.records import PlayerId

COOKIE = "stumper_player"
HOST_COOKIE: Final = f"{HOST}{COOKIE}"
"""Its name where players come by https. The plain one is still read: it was given before."""
MAX_AGE_S = 400 * 24 * 3600  # browsers keep no cookie longer
_YEAR_S: Final = 365 * 24 * 3600
_KNOWN = 10_000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Signed(NamedTuple):
    """What a cookie says."""

    player_id: PlayerId
    epoch: int
    """How often the player had signed out everywhere when it was given."""


class Cookies:
    """Gives, reads and takes back the cookie that names a player, and keeps what a device chose.

    Signing in and out, and a cookie that is not believed, are told in the request's line of the log.
    """

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._signer = URLSafeTimedSerializer(
            secret,
            salt="player",
            signer_kwargs={"digest_method": hashlib.sha256},
            fallback_signers=[{"digest_method": hashlib.sha1}],  # what was given before is still read
        )
        self._secure = secure
        self.name = self.named(COOKIE)
        self._known: dict[str, tuple[Signed, float]] = {}
        """Cookies whose signature was checked: the player, and when it will be too old."""
        self._pseudonyms: dict[PlayerId, str] = {}
        self._secret = secret.encode()
        self.invites = Invites(secret)
        self.cards = Cards(secret)

    def named(self, plain: str) -> str:
        """Returns a cookie's name: by https one that no other host can set."""
        return f"{HOST}{plain}" if self._secure else plain

    def keyed_hash(self, text: str) -> str:
        """Returns 16 hex digits that tell nothing of the text without the operator's secret."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:16]

    def pseudonym(self, player_id: PlayerId) -> str:
        """Returns the player's name in log lines."""
        known = self._pseudonyms.get(player_id)
        if known is None:
            if len(self._pseudonyms) >= _KNOWN:
                self._pseudonyms.clear()
            known = self._pseudonyms[player_id] = self.keyed_hash(f"log {player_id}")
        return known

    def passcode_hash(self, code: str) -> str:
        """Returns what is stored of a code that lets a player go on elsewhere (``accounts.passcodes``)."""
        return self.keyed_hash(f"passcode {code}")

    def value(self, player_id: PlayerId, *, epoch: int = 0) -> str:
        return self._signer.dumps([player_id, epoch] if epoch else player_id)

    def give(self, response: Response, player_id: PlayerId, *, epoch: int = 0) -> None:
        response.set_cookie(
            self.name,
            self.value(player_id, epoch=epoch),
            max_age=MAX_AGE_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
            path="/",
        )
        self.note_signed_in(player_id)

    def note_signed_in(self, player_id: PlayerId) -> None:
        note(player=self.pseudonym(player_id), signed="in")

    def take_back(self, response: Response) -> None:
        """Deletes the cookie, and what pages kept in the browser: drafts, choices of keys and sounds."""
        for name in {self.name, COOKIE}:
            response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=self._secure)
        response.headers["Clear-Site-Data"] = '"storage"'
        note(signed="out")

    def keep(self, response: Response, name: str, value: str) -> None:
        """Keeps what this device chose for a year; ``hostcookie.chosen`` reads it."""
        response.set_cookie(
            self.named(name),
            value,
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
            path="/",
        )

    def player(self, request: Request) -> PlayerId:
        """Returns the player the cookie names. Raises NotSignedIn without one, or if it is forged."""
        return self.signed(request).player_id

    def signed(self, request: Request) -> Signed:
        """Returns what the cookie says. Raises NotSignedIn without one, or if it is forged."""
        value = request.cookies.get(self.name) or request.cookies.get(COOKIE)
        if value is None:
            raise NotSignedIn("You have not joined on this device yet. Choose a nickname on the start page.")
        known = self._known.get(value)
        if known is not None and known[1] > time.time():
            return known[0]
        try:
            said, given_at = self._signer.loads(value, max_age=MAX_AGE_S, return_timestamp=True)
        except BadSignature as error:
            note(cookie="too old" if isinstance(error, SignatureExpired) else "forged")
            raise NotSignedIn(
                "Your sign-in cookie was changed or is too old. Join again on the start page."
            ) from error
        found = _signed(said)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[value] = found, given_at.timestamp() + MAX_AGE_S
        return found

    def maybe(self, request: Request) -> PlayerId | None:
        """Returns the player, or None where nobody has joined."""
        try:
            return self.player(request)
        except NotSignedIn:
            return None


def address_of(request: Request) -> str:
    """Returns whom to count a stranger as: an IPv4 address, or the /64 that one household has of IPv6.

    Behind a proxy that the settings trust, uvicorn has put the player's own address here.
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network((address, 64), strict=False))


def _signed(said: object) -> Signed:
    match said:
        case str(name):
            return Signed(PlayerId(name), 0)
        case [str(name), int(epoch)]:
            return Signed(PlayerId(name), epoch)
    raise NotSignedIn("Your sign-in cookie cannot be read. Join again on the start page.")


def from_our_pages(request: Request, *, public_url: str) -> None:
    """Lets a changing request pass only if it does not come from another site's page. Raises CrossSite.

    Browsers name the sender in Sec-Fetch-Site, or in Origin; programs without a browser send neither, and
    carry nobody's cookie by accident.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise CrossSite("This move came from another site's page. Open the game itself and try again.")
    origin = request.headers.get("origin")
    if site is None and origin is not None:
        ours = {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}
        if origin == "null" or host_of(origin) not in ours:
            raise CrossSite(f"This move came from {origin[:100]!r}. Open the game itself and try again.")


def host_of(address: str) -> str:
    """Returns host and port of an address that a header brought; nothing for what is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:  # 'http://[' names half an IPv6 address
        return ""
