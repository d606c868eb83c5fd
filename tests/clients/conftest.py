"""The same Greenroom that the studio's tests knock at."""

from tests.studio.conftest import ada, house

__all__ = ["ada", "house"]
