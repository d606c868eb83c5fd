"""docs/security.md can fail: every requirement is spoken of, every test it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/security.md").read_text()

# OWASP ASVS 5.0.0: how many requirements each section of V6 to V10 has, and which of them are of
# level 3 alone.
SECTIONS: dict[str, tuple[int, set[int]]] = {
    "6.1": (3, set()),
    "6.2": (12, set()),
    "6.3": (8, {5, 6, 7, 8}),
    "6.4": (6, {5, 6}),
    "6.5": (8, {6, 7, 8}),
    "6.6": (4, {4}),
    "6.7": (2, {1, 2}),
    "6.8": (4, set()),
    "7.1": (3, set()),
    "7.2": (4, set()),
    "7.3": (2, set()),
    "7.4": (5, set()),
    "7.5": (3, {3}),
    "7.6": (2, set()),
    "8.1": (4, {3, 4}),
    "8.2": (4, {4}),
    "8.3": (3, {2, 3}),
    "8.4": (2, {2}),
    "9.1": (3, set()),
    "9.2": (4, set()),
    "10.1": (2, set()),
    "10.2": (3, {3}),
    "10.3": (5, {5}),
    "10.4": (16, {12, 13, 14, 15, 16}),
    "10.5": (5, set()),
    "10.6": (2, set()),
    "10.7": (3, set()),
}


def named_tests() -> set[str]:
    return set(re.findall(r"`(test_\w+)`", PAGE))


def test_security_page_names_only_tests_that_exist() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), flags=re.M)
    }
    assert named_tests()
    assert named_tests() - there == set()


def test_security_page_speaks_once_of_every_requirement_of_level_two() -> None:
    wanted = {
        f"{section}.{number}"
        for section, (count, level_three) in SECTIONS.items()
        for number in range(1, count + 1)
        if number not in level_three
    }
    tables = PAGE[PAGE.index("### Met") : PAGE.index("## Of level 3")]
    first_cells = re.findall(r"^\| ([0-9., ]+) \|", tables, flags=re.M)
    spoken = [number for cell in first_cells for number in cell.split(", ")]
    assert sorted(spoken) == sorted(wanted)
