"""docs/commands.md beside `python -m auth`: every command, its words, and what they are for."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.__main__ import main, make_parser

PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text()
SHOWN = re.findall(r"^##+ `(.+)`$", PAGE, flags=re.M)
Commands = list[tuple[str, str, argparse.ArgumentParser]]


def words_of(parser: argparse.ArgumentParser, said: str = "", help_: str = "") -> Commands:
    """Each noun, and each command of it: its words, what it is for, and its parser."""
    found = [(said, help_, parser)] if said else []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for word, below in action.choices.items():
                found += words_of(below, f"{said} {word}".strip(), helps[word])
    return found


def lines_of(said: str, help_: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    words = [action for action in parser._actions if action.dest not in ("help", "json")]
    if words and words[0].nargs == argparse.PARSER:
        yield f"## `{said}`\n"
        yield f"{sentence(help_)}\n"
        return
    yield f"### `{said}`\n"
    yield f"{sentence(help_)}\n"
    assert "--json" in parser._option_string_actions
    if words:
        yield "\n".join(map(line_of, words)) + "\n"


def sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith("?") else ".")


def line_of(action: argparse.Action) -> str:
    shown = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    if not action.option_strings:
        words = f"{shown or action.dest}"
    else:
        value = "" if action.nargs == 0 else f" {shown or action.dest.upper()}"
        words = f"{'|'.join(action.option_strings)}{value}"
    notes = []
    if not action.required and not action.option_strings:
        notes.append("may be left out")
    if action.required and action.option_strings:
        notes.append("is needed")
    if isinstance(action, argparse._AppendAction):
        notes.append("as often as wanted")
    if action.default not in (None, False, []):
        notes.append(f"`{action.default}` unless given")
    told = "; ".join(filter(None, [action.help or "", *notes]))
    return f"- `{words}`: {told}" if told else f"- `{words}`"


@pytest.mark.parametrize("shown", SHOWN)
def test_commands_page_has_each_command_with_its_words(shown: str) -> None:
    """A test a command; where it fails, it shows what the page has to say."""
    told = re.search(rf"^##+ `{shown}`\n.*?(?=^##|\Z)", PAGE, flags=re.M | re.S)
    (command,) = (command for command in words_of(make_parser()) if command[0] == shown)
    assert told is not None
    assert told[0].rstrip() == "\n".join(lines_of(*command)).rstrip()


def test_commands_page_shows_the_commands_in_their_order() -> None:
    assert [said for said, _, _ in words_of(make_parser())] == SHOWN


def test_usage_names_every_noun() -> None:
    nouns = [said for said, _, _ in words_of(make_parser()) if " " not in said]
    usage = " ".join(make_parser().format_usage().split())
    assert usage == f"usage: python -m auth [-h] {' | '.join(nouns)} ..."


def test_help_says_what_it_is_about() -> None:
    assert "\n\nTesters, their tokens, and their limits.\n\n" in make_parser().format_help()


@pytest.mark.parametrize("noun", [shown for shown in SHOWN if f"## `{shown} " in PAGE])
def test_noun_without_a_command_is_refused(noun: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        main([noun])
    assert refusal.value.code == 2
