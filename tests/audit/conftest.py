"""An installation on each database."""

from tests.maintenance.conftest import either

__all__ = ["either"]
