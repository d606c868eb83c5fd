"""The one script that lies in the pages themselves: it sees to it that the others arrive.

A file of its own could be lost together with them.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "static/js/arrival.js"


@cache
def script() -> str:
    """What stands between `<script>` and `</script>`."""
    return SOURCE.read_text(encoding="utf-8")


@cache
def element() -> str:
    """The script as it stands in a page's head."""
    return f"<script>{script()}</script>"


@cache
def source_expression() -> str:
    """How a policy allows this script and no other (Content Security Policy Level 3, 2.3.1)."""
    digest = hashlib.sha256(script().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
