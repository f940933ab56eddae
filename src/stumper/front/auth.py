"""Who is asking: an anonymous player named by a signed cookie, and moves from our own pages only.

A player's id never comes from a request body. The cookie holds the id and when it was given, signed with the
operator's secret; it is HttpOnly and SameSite=Lax, and Secure when players come by https.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from stumper.accounts.invites import Invites
from stumper.errors import CrossSite, NotSignedIn
from stumper.front.cardtoken import Cards
from stumper.records import PlayerId

COOKIE = "stumper_player"
MAX_AGE_S = 400 * 24 * 3600  # browsers keep no cookie longer
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Cookies:
    """Gives, reads and takes back the cookie that names a player."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="player")
        self._secure = secure
        self._secret = secret.encode()
        self.invites = Invites(secret)
        self.cards = Cards(secret)

    def keyed_hash(self, text: str) -> str:
        """Returns 16 hex digits that tell nothing of the text without the operator's secret."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:16]

    def passcode_hash(self, code: str) -> str:
        """Returns what is stored of a code that lets a player go on elsewhere (``accounts.passcodes``)."""
        return self.keyed_hash(f"passcode {code}")

    def value(self, player_id: PlayerId) -> str:
        return self._signer.dumps(player_id)

    def give(self, response: Response, player_id: PlayerId) -> None:
        response.set_cookie(
            COOKIE,
            self.value(player_id),
            max_age=MAX_AGE_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
            path="/",
        )

    def take_back(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=self._secure)

    def player(self, request: Request) -> PlayerId:
        """Returns the player the cookie names. Raises NotSignedIn without one, or if it is forged."""
        value = request.cookies.get(COOKIE)
        if value is None:
            raise NotSignedIn("You have not joined on this device yet. Choose a nickname on the start page.")
        try:
            name = self._signer.loads(value, max_age=MAX_AGE_S)
        except BadSignature as error:
            raise NotSignedIn(
                "Your sign-in cookie was changed or is too old. Join again on the start page."
            ) from error
        if not isinstance(name, str):
            raise NotSignedIn("Your sign-in cookie cannot be read. Join again on the start page.")
        return PlayerId(name)

    def maybe(self, request: Request) -> PlayerId | None:
        """Returns the player, or None where nobody has joined."""
        try:
            return self.player(request)
        except NotSignedIn:
            return None


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
        ours = {request.headers.get("host", ""), urlsplit(public_url).netloc}
        if origin == "null" or urlsplit(origin).netloc not in ours:
            raise CrossSite(f"This move came from {origin[:100]!r}. Open the game itself and try again.")
