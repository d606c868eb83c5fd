"""Names and e-mail addresses as people give them: made plain, or refused."""

import re
import unicodedata

from errors import BadSpec

NAME_MAX_CHARS, EMAIL_MAX_CHARS = 80, 254
ALPHABETS = ("LATIN", "GREEK", "CYRILLIC")
# Letters of other alphabets that are drawn like a Latin one (Unicode TR 39, the common ones).
LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝɡɩονυιαρτκтмнвкг",
    "aeopcyxijsdhqwgiovuiaptk" + "tmhbkr",
)
# The address as browsers check it (HTML, 4.10.5.1.5), its domain with a dot.
EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])"
)


def plain_name(text: str, noun: str = "A name") -> str:
    """The name with single spaces, in NFC. Raises BadSpec where it cannot stand in a list.

    Invisible and direction-changing characters cannot be printed. A word of two alphabets is how
    one name is made to look like another.
    """
    name = re.sub(" +", " ", unicodedata.normalize("NFC", text).strip())
    if not 0 < len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise BadSpec(
            f"{noun} has 1 to {NAME_MAX_CHARS} characters that can be printed.", field="name"
        )
    if any(len(alphabets_of(word)) > 1 for word in name.split(" ")):
        raise BadSpec(f"{noun} does not mix two alphabets in one word.", field="name")
    return name


def alphabets_of(word: str) -> set[str]:
    starts = (unicodedata.name(letter, "").split(" ")[0] for letter in word)
    return {start for start in starts if start in ALPHABETS}


def look(name: str) -> str:
    """What two names that look the same have in common."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return folded.translate(LOOK_ALIKES).replace(" ", "")


def plain_email(text: str) -> str:
    """The address in lower case. Raises BadSpec."""
    email = text.strip().lower()
    if len(email) > EMAIL_MAX_CHARS or not EMAIL.fullmatch(email):
        raise BadSpec("Give an e-mail address like ada@example.org.", field="email")
    return email
