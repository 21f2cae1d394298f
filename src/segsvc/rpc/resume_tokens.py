"""Resume tokens of watches: opaque, signed, bound to store and caller, with room for shards."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence

from segsvc.domain.errors import InvalidToken, OrdinalEpochChanged, WatchGenerationChanged
from segsvc.engine.state import StoreState

WATCH_KEYS = "watch-tokens"
"""The name under which storage keeps the keys."""

_VERSION = 3
"""Since 2 with the instant it was made at, since 3 with the writer of its revision."""
_SIGNATURE_BYTES = 16


class ResumeTokens:
    """Makes tokens with the first of its keys, reads those made with any of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def renew(self, keys: Sequence[bytes]) -> None:
        """Use other keys from now on."""
        self._keys = tuple(keys)

    def make(self, state: StoreState, principal: str, revision: int) -> bytes:
        """Return the token that continues behind *revision*."""
        facts = [_VERSION, state.watch_generation, state.ordinal_epoch, [revision], state.at]
        facts.append(state.lineage.writer_of(revision))
        body = json.dumps(facts, separators=(",", ":")).encode()
        return self._sign(self._keys[0], state, principal, body) + body

    def read(self, state: StoreState, principal: str, token: bytes) -> int:
        """Return the revision *token* continues behind.

        Raises:
            InvalidToken: it was changed, or made for another store or caller.
            OrdinalEpochChanged, WatchGenerationChanged: a snapshot must be taken instead; the
                deltas up to the token may not be those that are kept here.
        """
        signature, body = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:]
        if not any(
            hmac.compare_digest(signature, self._sign(key, state, principal, body))
            for key in self._keys
        ):
            described = "is not a token of this store and caller; begin again with a snapshot"
            raise InvalidToken("resume_token", described)
        _, generation, epoch, revisions, *made = json.loads(body)
        if epoch != state.ordinal_epoch:
            raise OrdinalEpochChanged(state.ordinal_epoch)
        revision = int(revisions[0])
        at = made[0] if made else None
        writer = made[1] if len(made) > 1 else 0
        told = revision <= state.revision and (
            at is None or state.lineage.holds(revision, at, writer)
        )
        if generation != state.watch_generation or not told:
            raise WatchGenerationChanged(state.watch_generation)
        return revision

    @staticmethod
    def _sign(key: bytes, state: StoreState, principal: str, body: bytes) -> bytes:
        """Sign for this very store: another one that takes over its id has another hash key."""
        bound = json.dumps([state.store_id, state.settings.hash_key, principal]).encode()
        text = len(bound).to_bytes(4, "little") + bound + body
        return hmac.digest(key, text, "sha256")[:_SIGNATURE_BYTES]
