"""Single values of a form, checked: each is what was given, or a BadSpec that names its field."""

import re
from collections.abc import Mapping

from errors import BadSpec

# Unicode's category Cc, less what `line` turns into spaces, and the surrogates.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
KEY_MAX_CHARS = 200


def line(value: object, field: str, most_chars: int, *, required: bool = False) -> str:
    """A prompt on one line. Control characters and lone surrogates are refused, not dropped."""
    if not isinstance(value, str):
        raise BadSpec(f"The {spoken(field)} must be text.", field=field)
    text = re.sub(r"\r\n|[\n\r\t]", " ", value).strip()
    if len(text) > most_chars:
        raise BadSpec(
            f"The {spoken(field)} has {len(text):,} characters: "
            f"shorten it to {most_chars:,} or fewer.",
            field=field,
        )
    if CONTROL.search(text):
        raise BadSpec(
            f"The {spoken(field)} holds control characters: type it again as plain text.",
            field=field,
        )
    if required and not any(mark.isprintable() and not mark.isspace() for mark in text):
        raise BadSpec(
            f"The {spoken(field)} is empty: say in a sentence what the clip shows.", field=field
        )
    return text


def whole(
    given: Mapping[str, object], field: str, least: int, most: int, default: int | None = None
) -> int:
    """A whole number from `least` to `most`. 5, 5.0 and "5" are 5; true, 5.5 and NaN are not."""
    value = given.get(field, default)
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,10}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadSpec(
            f"The {spoken(field)} must be a whole number from {least:,} to {most:,}.", field=field
        )
    return value


def share(given: Mapping[str, object], field: str, default: float) -> float:
    """A number above 0, at most 1. 1 and "0.6" are numbers; true, "1e-3" and NaN are not."""
    value = given.get(field, default)
    if isinstance(value, str) and re.fullmatch(
        r"\s*([0-9]{1,3}|[0-9]{0,3}\.[0-9]{1,17})\s*", value
    ):
        value = float(value)
    # NaN is neither above 0 nor below 1, so the comparison refuses it too.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise BadSpec(f"The {spoken(field)} must be a number above 0 and at most 1.", field=field)
    return float(value)


def choice(given: Mapping[str, object], field: str, offered: tuple[str, ...]) -> str | None:
    """One of `offered`, or None where nothing is chosen."""
    value = given.get(field)
    if value is not None and value not in offered:
        raise BadSpec(
            f"This {spoken(field)} is not on offer. Choose among {', '.join(offered)}.",
            field=field,
        )
    return value if isinstance(value, str) else None


def several(given: Mapping[str, object], field: str, most: int) -> list[object]:
    """The values of a list that has at most `most`; a single text is a list of one."""
    value = given.get(field, ())
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        raise BadSpec(f"The {spoken(field)} must be a list of texts.", field=field)
    if len(values) > most:
        raise BadSpec(
            f"The {spoken(field)} has {len(values)} entries: give {most} or fewer.", field=field
        )
    return list(values)


def key(value: object, field: str) -> str:
    """The name of something that is kept elsewhere; "" for nothing."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > KEY_MAX_CHARS or not value.isprintable():
        raise BadSpec(f"The {spoken(field)} hold something that is not a name.", field=field)
    return value


def spoken(field: str) -> str:
    return {"seconds": "length in seconds"}.get(field, field.replace("_", " "))
