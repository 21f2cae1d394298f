"""How hypothesis runs here: always the same and quick, or at random and deep."""

from hypothesis import HealthCheck, settings

DEEP = settings(deadline=None, suppress_health_check=list(HealthCheck))
QUICK = settings(DEEP, derandomize=True, database=None)
