"""Everything that can go wrong, as facts. `rpc.status` maps each class to a status code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

_SHOWN = 5
"""Of a list that a message names; details name more of it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field of a request: where it is, what is wrong and what is allowed."""

    field: str
    description: str
    reason: str = "VALUE_INVALID"
    """Of a condition: the ConditionProblemReason, without its prefix."""


@dataclass(eq=False)
class SegsvcError(Exception):
    """Base of every error that a caller of the service can cause or meet."""

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """One sentence for people; programs read the fields."""
        return type(self).__name__


@dataclass(eq=False)
class InvalidArgument(SegsvcError):
    """The request is wrong whatever the state of the store is."""

    violations: tuple[Violation, ...]

    @classmethod
    def of(cls, field: str, description: str, reason: str = "VALUE_INVALID") -> InvalidArgument:
        """Make the error for a single *field*."""
        return cls((Violation(field, description, reason),))

    @property
    def message(self) -> str:
        first = self.violations[0]
        more = len(self.violations) - 1
        tail = f" (and {more} more)" if more else ""
        return f"{first.field}: {first.description}{tail}"


@dataclass(frozen=True, slots=True)
class RowError:
    """One row of a write that cannot be accepted."""

    row: int
    field: str
    reason: str
    description: str


@dataclass(eq=False)
class InvalidRows(SegsvcError):
    """Rows of a write are wrong and the request asked to reject it whole."""

    errors: tuple[RowError, ...]
    total: int
    rows: str
    """The path of the rows in the request: ``rows.rows``, or ``columns``."""

    def path_of(self, error: RowError) -> str:
        """Return the path of a wrong field in the request."""
        return f"{self.rows}[{error.row}].{error.field}"

    @property
    def message(self) -> str:
        first = self.errors[0]
        return f"{self.total:,} invalid rows; {self.path_of(first)}: {first.description}"


@dataclass(eq=False)
class NotFound(SegsvcError):
    """What the request names does not exist."""

    kind: str
    name: str

    @property
    def message(self) -> str:
        return f"{self.kind} {self.name!r} does not exist"


@dataclass(eq=False)
class AlreadyExists(SegsvcError):
    """What the request creates is there already, or its name is taken."""

    kind: str
    name: str
    detail: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return f"{self.kind} {self.name!r} exists already" + (self.detail and f": {self.detail}")


@dataclass(eq=False)
class EtagMismatch(SegsvcError):
    """Somebody changed the resource since the caller read it."""

    kind: str
    name: str
    given: str
    current: str

    @property
    def message(self) -> str:
        return (
            f"{self.kind} {self.name!r} changed since it was read: "
            f"etag is {self.current!r}, not {self.given!r}"
        )


@dataclass(eq=False)
class StillUsed(SegsvcError):
    """A segment cannot be deleted while segments read it or triggers listen to it."""

    segment_id: str
    dependants: tuple[tuple[str, str, str], ...]
    """("segment" or "trigger", its id, its name) of each."""

    @property
    def message(self) -> str:
        shown = [f"{kind} {name!r}" for kind, _, name in self.dependants[:_SHOWN]]
        if len(self.dependants) > _SHOWN:
            shown.append(f"{len(self.dependants) - _SHOWN:,} more")
        return f"segment {self.segment_id!r} is used by {', '.join(shown)}"


@dataclass(eq=False)
class FailedPrecondition(SegsvcError):
    """The request is fine but not in the state the store is in."""

    reason: str
    subject: str
    description: str
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return self.description


@dataclass(eq=False)
class TooManyActive(SegsvcError):
    """A trigger cannot be activated while as many others are as may be."""

    trigger_id: str
    allowed: int
    active: tuple[tuple[str, str, int], ...]
    """(id, name, when it was last updated) of each, the last updated first."""

    @property
    def message(self) -> str:
        return (
            f"{len(self.active)} triggers are active and at most {self.allowed} may be; "
            f"pause one of them to activate {self.trigger_id!r}"
        )


@dataclass(eq=False)
class LimitExceeded(SegsvcError):
    """A limit of the service stands in the way."""

    limit: str
    allowed: int
    asked: int
    field: str = ""

    @property
    def message(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.limit}: at most {self.allowed:,} allowed, asked for {self.asked:,}"


@dataclass(eq=False)
class RequestIdReused(SegsvcError):
    """A request id came again with another payload."""

    request_id: str

    @property
    def message(self) -> str:
        return f"request_id {self.request_id!r} was used with another payload"


@dataclass(eq=False)
class RevisionNotReached(SegsvcError):
    """The store has not come to the revision a read asked for within its deadline."""

    asked: int
    current: int

    @property
    def message(self) -> str:
        return f"revision {self.asked} has not been reached; the store is at {self.current}"


@dataclass(eq=False)
class RevisionCompacted(SegsvcError):
    """The change log no longer holds the revision a reader asked for."""

    asked: int
    oldest_kept: int
    current: int

    @property
    def message(self) -> str:
        return f"revision {self.asked} is compacted; oldest kept is {self.oldest_kept}"


@dataclass(eq=False)
class InvalidToken(SegsvcError):
    """A page token or resume token was not made for this request."""

    field: str
    description: str = "is not a token of this request; start again without it"

    @property
    def message(self) -> str:
        return f"{self.field}: {self.description}"


@dataclass(eq=False)
class ConditionInvalid(SegsvcError):
    """A condition does not pass its check; nothing is evaluated."""

    violations: tuple[Violation, ...] = field(default=())

    @property
    def message(self) -> str:
        first = self.violations[0]
        return f"{first.field}: {first.description}"


@dataclass(eq=False)
class Overloaded(SegsvcError):
    """Too much is waiting already; nothing was done."""

    description: str

    @property
    def message(self) -> str:
        return self.description


@dataclass(eq=False)
class NotServing(SegsvcError):
    """The service is starting, stopping, or waits for an operator: the reason says which."""

    reason: str
    description: str

    @property
    def message(self) -> str:
        return self.description


@dataclass(eq=False)
class StorageFailed(SegsvcError):
    """The disk or database did not take a write; nothing was acknowledged."""

    description: str

    @property
    def message(self) -> str:
        return self.description


@dataclass(eq=False)
class TimeInThePast(SegsvcError):
    """A time in the past where time only moves forward."""

    field: str
    at: int

    @property
    def message(self) -> str:
        now = datetime.fromtimestamp(self.at, UTC)
        return f"lies in the past; it is {now:%Y-%m-%dT%H:%M:%SZ} already"


@dataclass(eq=False)
class OffsetOutOfRange(SegsvcError):
    """An offset lies behind the end."""

    offset: int
    end: int

    @property
    def message(self) -> str:
        return f"offset {self.offset} lies behind the end, {self.end}"


@dataclass(eq=False)
class OrdinalEpochChanged(SegsvcError):
    """Ordinals were renumbered since the caller got them."""

    current_epoch: int

    @property
    def message(self) -> str:
        return f"ordinals were renumbered; the epoch is {self.current_epoch} now"


@dataclass(eq=False)
class WatchGenerationChanged(SegsvcError):
    """Deltas the caller got may not be those that were kept; it must take a snapshot."""

    current_generation: int

    @property
    def message(self) -> str:
        return (
            "what the watch was told is not what is kept here: the service has changed how it "
            "reads data, or a backup was put back; begin again with a snapshot"
        )


@dataclass(eq=False)
class Poisoned(SegsvcError):
    """A journaled write could not be applied; its revision was emptied."""

    description: str

    @property
    def message(self) -> str:
        return self.description


@dataclass(eq=False)
class Superseded(SegsvcError):
    """A newer edit of a segment came while an older one was being built."""

    segment_id: str

    @property
    def message(self) -> str:
        return f"a newer edit of segment {self.segment_id!r} came; this one changed nothing"


@dataclass(eq=False)
class ChunkRefused(SegsvcError):
    """A chunk of a stream was refused; those before it were applied and none after it."""

    sequence: int
    cause: SegsvcError

    @property
    def message(self) -> str:
        return f"chunk {self.sequence}: {self.cause.message}"


@dataclass(eq=False)
class EarlierChunkRefused(SegsvcError):
    """A chunk was not looked at because one before it was refused."""

    @property
    def message(self) -> str:
        return "an earlier chunk of the stream was refused"
