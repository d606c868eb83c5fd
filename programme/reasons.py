"""Why a clip is rejected or taken down: a list, so that the same thing has the same name.

How good a clip is stands in no reason: that is not for a reviewer to judge.
"""

from errors import BadSpec

REASONS = {
    "likeness": "It shows or names a real person, or somebody who looks like one.",
    "protected_work": "It shows somebody else's character, work or mark.",
    "sexual": "It shows sexual content.",
    "violence": "It shows violence in detail.",
    "hate": "It attacks people for who they are.",
    "misleading": "It could be taken for a record of something that happened.",
    "personal_data": "It shows something private, such as an address or a document.",
    "rules": "It is outside what this programme is for; the words say why.",
}


def known_reason(code: str) -> str:
    """The code. Raises BadSpec for one that is not in the list."""
    if code not in REASONS:
        raise BadSpec(f"Choose a reason: {', '.join(REASONS)}.", field="reason")
    return code
