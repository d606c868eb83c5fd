"""What people write in a field of several lines: made plain, or refused."""

import unicodedata

from errors import BadSpec

WORDS_MAX_CHARS = 1000


def plain_words(
    text: str, field: str, *, least: int = 0, most: int = WORDS_MAX_CHARS, lines: bool = True
) -> str:
    """The text in NFC, without space around it; `lines`: whether it may have several.

    Raises BadSpec, naming the field, for one that is too short or too long or holds characters
    that cannot be printed, among them those that change the direction of what stands beside them.
    """
    words = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not least <= len(words) <= most:
        raise BadSpec(f"Write {least} to {most:,} characters in {field}.", field=field)
    seen = words.replace("\n", "").replace("\t", " ") if lines else words
    if not seen.isprintable():
        raise BadSpec(f"Write {field} in characters that can be printed.", field=field)
    return words
