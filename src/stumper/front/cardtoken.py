"""The address of a share card: its numbers, signed, and nothing of who played."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from stumper.errors import NotFound
from stumper.front.cardart import CardFacts


class Cards:
    """Puts a card's facts into a token and reads them back."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(
            secret,
            salt="card",
            signer_kwargs={"digest_method": hashlib.sha256},
            fallback_signers=[{"digest_method": hashlib.sha1}],  # links that were shared before
        )

    def token(self, facts: CardFacts) -> str:
        return self._signer.dumps([facts.caught, facts.falsified, facts.streak, facts.language])

    def read(self, token: str) -> CardFacts:
        """Returns the facts of a token. Raises NotFound for one that this server has not signed."""
        try:
            caught, falsified, streak, language = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound("There is no such card. Play a session, and you get one of your own.") from error
        return CardFacts(caught=caught, falsified=falsified, streak=streak, language=language)
