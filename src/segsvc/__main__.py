"""``python -m segsvc`` is the ``segsvc`` command."""

from segsvc.cli import app

if __name__ == "__main__":
    app()
