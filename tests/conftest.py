"""What holds for every test."""

import pytest
from hypothesis import settings

# Machines are shared: how long an example took says nothing about the code.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")

LONG_SECONDS = 3_600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that take minutes the time that a busy machine may need for them."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))
