"""What a person is told when they are refused is whole sentences, wherever it is said."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from auth.commands.desk import Refused
from errors import GreenroomError

# Words spelt in capitals, or with capitals inside.
SPELT = {"CSV", "GPU", "JSON", "PIN", "UTC", "DPoP"}
# What may begin a sentence as it is: an address, the name of a field.
BEGUN = re.compile(r"\S+@|needed is ")


@contextmanager
def refused_in_sentences() -> Iterator[None]:
    """Afterwards, that every refusal made meanwhile, caught or not, was told in sentences."""
    told: list[str] = []
    with noting(GreenroomError, told), noting(Refused, told):
        yield
    badly_told = {text: faults(text) for text in told if faults(text)}
    assert not badly_told, badly_told


@contextmanager
def noting(kind: type[Exception], told: list[str]) -> Iterator[None]:
    begin = kind.__init__

    def begin_and_note(self: Exception, *parts: object, **facts: object) -> None:
        begin(self, *parts, **facts)
        told.append(str(self))

    with patch.object(kind, "__init__", begin_and_note):
        yield


def faults(text: str) -> list[str]:
    """What is no sentence in it: each word that shouts, and each sentence that has no end."""
    plain = re.sub(r"`[^`]*`|\"[^\"]*\"", "It", text)
    parts = re.split(r"(?<=[.?]) +", plain)
    unended = [part for part in parts if not part.endswith((".", "?"))]
    unbegun = [part for part in parts if part[:1].islower() and not BEGUN.match(part)]
    words = [word.strip(".,:;?()'’") for word in plain.split()]
    odd = [word for word in words if word.isalpha() and not is_spelt(word)]
    return [*unended, *unbegun, *odd]


def is_spelt(word: str) -> bool:
    return word in SPELT or word[1:].islower() or len(word) == 1
