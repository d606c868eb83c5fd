"""Documents can fail: what they say of settings, errors, commands and pins is compared."""

import re
from pathlib import Path

import pytest

import errors
from errors import GreenroomError
from settings import TABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def error_classes(base: type[GreenroomError] = GreenroomError) -> list[type[GreenroomError]]:
    return [base, *(c for sub in base.__subclasses__() for c in error_classes(sub))]


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    found = (re.match(r"([A-Za-z0-9_.-]+)(?:\[\w+\])?==(\S+)", line) for line in lines)
    return {m[1].lower().replace("_", "-"): m[2] for m in found if m}


def test_env_example_lists_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    listed = dict(re.findall(r"^#? ?([A-Z_]+)=(.*)$", text, flags=re.M))
    assert listed == {row.name: row.default for row in TABLE}


def test_settings_page_lists_every_setting_with_default_and_help() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", (ROOT / "docs/settings.md").read_text(), re.M
    )
    expected = [(row.name, f"`{row.default}`" if row.default else "", row.help) for row in TABLE]
    assert rows == expected


def test_errors_page_lists_every_code_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+|—) \|", (ROOT / "docs/errors.md").read_text(), re.M)
    concrete = [c for c in error_classes() if c is not GreenroomError]
    expected = {c.code: "—" if c is errors.BootRefused else str(c.status) for c in concrete}
    assert dict(rows) == expected


def test_errors_tree_is_drawn_with_every_class() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {c.__name__ for c in error_classes() if c is not GreenroomError}


def test_readme_begins_with_what_a_space_reads_and_pins_the_same_gradio() -> None:
    front = re.match(r"---\n(.*?)\n---\n", README, flags=re.S)
    assert front
    fields = dict(line.split(": ", 1) for line in front[1].splitlines() if ": " in line)
    assert fields["sdk"] == "gradio"
    assert fields["app_file"] == "app.py"
    assert fields["sdk_version"] == pins("requirements.txt")["gradio"]


def test_readme_says_the_two_commands_first() -> None:
    first = README.index("```")
    block = README[first : README.index("```", first + 3)]
    assert "make run" in block
    assert "make test" in block


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{n}.md" for n in ("gate", "jobs"))])
def test_documents_name_only_make_targets_that_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = {a or b for a, b in re.findall(r"`make ([a-z]+)|^make ([a-z]+)", text, flags=re.M)}
    assert named <= targets


def test_documents_link_only_to_files_that_exist() -> None:
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} → {target}")
    assert broken == []


def test_every_requirement_is_pinned_and_agrees_with_the_constraints() -> None:
    constraints = pins("constraints.txt")
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        wanted = [line for line in lines if line and not line.startswith("-r")]
        assert len(pins(name)) == len(wanted), f"{name}: a line without =="
        for package, version in pins(name).items():
            assert constraints[package] == version


def test_no_lock_file_names_a_registry_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        assert "://" not in (ROOT / name).read_text()
