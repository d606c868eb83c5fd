"""Rules of words: read from a file, tested by their own examples, held against a text."""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BootRefused

OURS = Path(__file__).parent / "rules.toml"
ID = re.compile(r"[a-z][a-z_]{1,31}")
# Letters that are drawn like another, or stay apart where marks are taken off.
ALIKE = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "0": "o", "1": "i"})

Groups = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Rule:
    """One thing that is not drawn. A text meets it with a word of every group of one language.

    reason   a sentence that whoever meets it reads
    words    language → groups → words or phrases; `*` at an end stands for any ending
    refuses, allows  texts that it must and must not meet
    """

    id: str
    reason: str
    words: Mapping[str, Groups]
    refuses: Sequence[str]
    allows: Sequence[str]

    def meets(self, text: str) -> bool:
        plain = plain_text(text)
        return any(
            groups and all(any(holds(plain, word) for word in group) for group in groups)
            for groups in self.words.values()
        )

    def broken_test(self) -> str | None:
        """The first of its own examples that it gets wrong, or None."""
        wrong = [text for text in self.refuses if not self.meets(text)]
        wrong += [text for text in self.allows if self.meets(text)]
        return wrong[0] if wrong else None


@dataclass(frozen=True)
class Rules:
    """All of them; `sha256` of the file they came from names this version."""

    rules: Sequence[Rule]
    sha256: str

    @classmethod
    def read(cls, path: Path = OURS) -> "Rules":
        """Raises BootRefused for a file that is not there, no rules, or fails its own tests."""
        try:
            content = path.read_bytes()
            rules = [rule_of(row) for row in tomllib.loads(content.decode())["rule"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BootRefused(
                f"The rules in {path.name} cannot be read: {type(error).__name__}: {error}. "
                "docs/programme.md shows a rule."
            ) from error
        for rule in rules:
            if wrong := rule.broken_test():
                raise BootRefused(f"The rule {rule.id} fails its own test {wrong!r}.")
        return cls(rules, hashlib.sha256(content).hexdigest())

    def met_by(self, text: str) -> Rule | None:
        """The first rule that the text meets."""
        return next((rule for rule in self.rules if rule.meets(text)), None)


def rule_of(row: Mapping[str, Any]) -> Rule:
    """Raises ValueError, KeyError or TypeError for what is no rule."""
    if not ID.fullmatch(row["id"]) or not row["reason"].endswith("."):
        raise ValueError("a rule has an id of small letters and a reason that is a sentence")
    if not row["words"] or not row["refuses"] or not row["allows"]:
        raise ValueError(f"the rule {row['id']} lacks words or tests")
    words = {
        language: [[spelt(word) for word in group] for group in groups]
        for language, groups in row["words"].items()
    }
    return Rule(row["id"], row["reason"], words, row["refuses"], row["allows"])


def spelt(word: str) -> str:
    """A word of a rule as texts are spelt, its `*` kept."""
    plain = plain_text(word.removesuffix("*"))
    if not plain:
        raise ValueError(f"no word: {word!r}")
    return plain + ("*" if word.endswith("*") else "")


def plain_text(text: str) -> str:
    """Words alone, in small letters without marks, one space between: tricks of spelling undone."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(char for char in folded if unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join(re.findall(r"[^\W_]+", seen.translate(ALIKE)))


def holds(plain: str, word: str) -> bool:
    """Whether these words stand in the text, as whole words."""
    if word.endswith("*"):
        return f" {word[:-1]}" in f" {plain}"
    return f" {word} " in f" {plain} "
