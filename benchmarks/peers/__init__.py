"""Whom segsvc is compared with, each in a process of its own, each at its best honest setting."""
