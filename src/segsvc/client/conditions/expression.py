"""What every condition can do: combine with others and become its message."""

from __future__ import annotations

from segsvc.v1 import condition_pb2 as pb


class Expression:
    """A condition. ``a & b`` is All of, ``a | b`` is Any of, ``~a`` is Not."""

    def to_proto(self) -> pb.Condition:
        """Return the condition as its message."""
        raise NotImplementedError

    def __and__(self, other: Expression | pb.Condition) -> Expression:
        return all_of(*_parts(self, "all_of"), *_parts(other, "all_of"))

    def __or__(self, other: Expression | pb.Condition) -> Expression:
        return any_of(*_parts(self, "any_of"), *_parts(other, "any_of"))

    def __invert__(self) -> Expression:
        made = pb.Condition()
        getattr(made, "not").child.CopyFrom(self.to_proto())
        return Tree(made)

    def __bool__(self) -> bool:
        raise TypeError("combine conditions with &, | and ~, not with and, or and not")


class Tree(Expression):
    """A condition that is a message already."""

    def __init__(self, proto: pb.Condition) -> None:
        self._proto = proto

    def to_proto(self) -> pb.Condition:
        """Return the condition as its message."""
        return self._proto

    def __repr__(self) -> str:
        return f"Tree({self._proto!s})"


def condition_of(condition: Expression | pb.Condition) -> pb.Condition:
    """Return the message of a condition in either form."""
    return condition.to_proto() if isinstance(condition, Expression) else condition


def all_of(*children: Expression | pb.Condition) -> Expression:
    """Every child matches."""
    return Tree(pb.Condition(all_of=pb.AllOf(children=map(condition_of, children))))


def any_of(*children: Expression | pb.Condition) -> Expression:
    """At least one child matches."""
    return Tree(pb.Condition(any_of=pb.AnyOf(children=map(condition_of, children))))


def _parts(condition: Expression | pb.Condition, group: str) -> list[pb.Condition]:
    """Return the children of a group of the same kind, so that ``a & b & c`` is one group."""
    proto = condition_of(condition)
    return list(getattr(proto, group).children) if proto.WhichOneof("kind") == group else [proto]
