"""The tour: a real server as a child process, a generated store, and the questions it answers."""

from segsvc.tour.tour import tour

__all__ = ["tour"]
