"""Words of a command: how they are read, and how they are refused."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import NoReturn

from auth.revocation import REASON_MAX_CHARS

UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}


class Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        said = f"{message[:1].upper()}{message[1:]}".removesuffix(".")
        self.exit(2, f"{said}. `{self.prog} --help` says more.\n")


def duration_ms(text: str) -> int:
    """`30d`, `12h` or `45m`. Raises ArgumentTypeError."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([dhm])", text, re.ASCII)
    if match is None:
        raise ArgumentTypeError("give a time like 30d, 12h or 45m")
    return int(match[1]) * UNIT_MS[match[2]]


def reason(text: str) -> str:
    if not 0 < len(text.strip()) <= REASON_MAX_CHARS:
        raise ArgumentTypeError(f"give a reason of 1 to {REASON_MAX_CHARS} characters")
    return text.strip()


def thumbprint(text: str) -> str:
    """Of a key, RFC 7638: 43 characters. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
        raise ArgumentTypeError("give what `python greenroom_client.py KEYFILE` prints")
    return text
