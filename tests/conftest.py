"""What holds for every test."""

from hypothesis import settings

# Machines are shared: how long an example took says nothing about the code.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")
