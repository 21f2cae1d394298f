"""The two paths: `write` (queue, acceptance, journal, apply) and `read` (a revision, an instant).

`engine.Engine` holds all stores of one database; `state` is one of them; `recover` brings it back.
"""
