"""`python -m programme consent PURPOSE`: the clips that may be used so."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth.answers import Answer
from auth.commands.desk import Desk
from programme import consent


def declare(nouns: Any, output: ArgumentParser) -> None:
    allowed = nouns.add_parser("consent", parents=[output], help="clips that may be used")
    allowed.add_argument("purpose", choices=tuple(consent.PURPOSES))
    allowed.set_defaults(command=list_allowed)


def list_allowed(desk: Desk, arguments: Namespace) -> Answer:
    """The clips whose artists say yes, now; a list that was kept is worth nothing tomorrow."""
    with desk.database.read() as db:
        clips = consent.clips_allowed(db, arguments.purpose)
    facts = [{"clip": clip.id, "key": clip.key, "owner": clip.owner_id} for clip in clips]
    return Answer(facts, "\n".join(clip.id for clip in clips))
