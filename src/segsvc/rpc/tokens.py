"""Page tokens: opaque, signed, bound to the request they continue, with room for shards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from google.protobuf.message import Message

from segsvc.domain.errors import InvalidToken

_VERSION = 1
_SIGNATURE_BYTES = 16


class PageTokens:
    """Makes and reads tokens with one key kept in the database, so that they outlive the server."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, request: Message, position: dict[str, Any]) -> str:
        """Return the token that continues *request* at *position* (JSON-able)."""
        facts = {"v": _VERSION, "shards": [position]}
        body = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
        signature = self._sign(body, request)
        return base64.urlsafe_b64encode(signature + body).rstrip(b"=").decode()

    def read(self, request: Message, token: str) -> dict[str, Any] | None:
        """Return the position of *token*; None for an empty one.

        Raises:
            InvalidToken: it was changed, or made for a request with other fields.
        """
        if not token:
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise InvalidToken("page_token") from None
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body, request)):
            raise InvalidToken("page_token")
        facts = json.loads(body)
        position: dict[str, Any] = facts["shards"][0]
        return position

    def _sign(self, body: bytes, request: Message) -> bytes:
        """Sign *body* for the request, its paging fields aside."""
        bare = type(request)()
        bare.CopyFrom(request)
        for paging in ("page_token", "page_size", "min_revision"):
            if paging in bare.DESCRIPTOR.fields_by_name:
                bare.ClearField(paging)
        what = bare.DESCRIPTOR.full_name.encode() + bare.SerializeToString(deterministic=True)
        signed = hmac.new(self._key, len(what).to_bytes(8, "little") + what + body, hashlib.sha256)
        return signed.digest()[:_SIGNATURE_BYTES]
