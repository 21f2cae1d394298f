"""Membership in other segments, and stable samples."""

from __future__ import annotations

from segsvc.client.conditions.expression import Expression, Tree
from segsvc.client.values import Number, number
from segsvc.v1 import condition_pb2 as pb


def in_segment(segment_id: str) -> Expression:
    """A member of another segment of the store."""
    return Tree(pb.Condition(segment=pb.SegmentCondition(segment_id=segment_id)))


def not_in_segment(segment_id: str) -> Expression:
    """Not a member of another segment of the store."""
    return Tree(pb.Condition(segment=pb.SegmentCondition(segment_id=segment_id, not_in=True)))


def sample(percent: Number, salt: str = "") -> Expression:
    """A stable part of all contacts; with one salt a larger part holds the smaller one."""
    return Tree(pb.Condition(sample=pb.SampleCondition(salt=salt, percent=number(percent))))
