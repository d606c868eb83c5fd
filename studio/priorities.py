"""How urgent a wish is: stewards come first, and whoever can wait may say so."""

from collections.abc import Mapping

from auth.gate import Principal
from errors import BadSpec
from jobs.line import BACKGROUND, STEWARD, TESTER

FIELD = "priority"


def split_priority(
    principal: Principal, form: Mapping[str, object]
) -> tuple[dict[str, object], str]:
    """The form without its `priority`, and that: the highest of theirs where none is said.

    Raises BadSpec for one that is not theirs.
    """
    theirs = (STEWARD, TESTER, BACKGROUND) if principal.is_admin else (TESTER, BACKGROUND)
    asked = form.get(FIELD, theirs[0])
    if asked not in theirs:
        raise BadSpec(f"The priority is one of: {', '.join(theirs)}.", field=FIELD)
    return {name: value for name, value in form.items() if name != FIELD}, str(asked)
