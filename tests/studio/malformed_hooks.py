"""What schemathesis checks besides its own: `SCHEMATHESIS_HOOKS=tests.studio.malformed_hooks`."""

from typing import Any

import schemathesis


@schemathesis.check
def no_stack_trace(_context: Any, response: Any, _case: Any) -> None:
    assert b"Traceback" not in response.content, "the answer holds a stack trace"
