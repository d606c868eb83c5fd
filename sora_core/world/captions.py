"""Sentences about scenes: synonyms, word orders, and much left unsaid.

What no eye can tell is never said: colour in a black-and-white clip. What is left unsaid teaches
the model to choose for itself.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from sora_core.world import vocabulary as words
from sora_core.world.scene import Scene

#: How often an attribute is named, and how often when it has its plain value.
_NAMED: dict[str, tuple[float, float]] = {
    "subject": (0.97, 0.97), "colour": (0.86, 0.86), "size": (0.60, 0.60), "motion": (0.97, 0.90),
    "place": (0.93, 0.93), "weather": (0.88, 0.08), "camera": (0.95, 0.08), "style": (0.98, 0.30),
    "second": (0.97, 0.97), "second_colour": (0.90, 0.90),
}  # fmt: skip
PLAIN: dict[str, str] = {"weather": "clear", "camera": "static", "style": "cartoon"}
_ANY_SUBJECT = ("something", "a thing", "an object")


def visible(scene: Scene) -> dict[str, str]:
    """The attributes an eye can tell from the clip."""
    seen = scene.attributes()
    if scene.style == "noir":
        seen.pop("colour")
        seen.pop("second_colour", None)
    return seen


def choose_named(scene: Scene, rng: random.Random) -> dict[str, str]:
    """Draw which attributes a caption names."""
    named = {}
    for name, value in visible(scene).items():
        often, plain = _NAMED[name]
        if rng.random() < (plain if PLAIN.get(name) == value else often):
            named[name] = value
    if "second" not in named:
        named.pop("second_colour", None)
    return named


def _noun(named: dict[str, str], rng: random.Random) -> str:
    adjectives = [
        rng.choice(words.phrases(name)[named[name]]) for name in ("size", "colour") if name in named
    ]
    if rng.random() < 0.15:
        adjectives.reverse()
    if "subject" not in named:
        return " ".join(["a", *adjectives, "thing"]) if adjectives else rng.choice(_ANY_SUBJECT)
    noun = " ".join([*adjectives, rng.choice(words.SUBJECTS[named["subject"]])])
    return f"{_article(noun, rng)} {noun}"


def _article(noun: str, rng: random.Random) -> str:
    article = rng.choice(("a", "a", "a", "the", "one"))
    return "an" if article == "a" and noun[0] in "aeiou" else article


def _beside(named: dict[str, str], rng: random.Random) -> str:
    """A phrase for the second subject: "next to a blue cat"."""
    if "second" not in named:
        return ""
    colour = named.get("second_colour")
    tint = [rng.choice(words.COLOURS[colour])] if colour else []
    noun = " ".join([*tint, rng.choice(words.SUBJECTS[named["second"]])])
    how = rng.choice(("with", "with", "and", "and", "next to", "beside", "near"))
    return f"{how} {_article(noun, rng)} {noun}"


def _where(named: dict[str, str], rng: random.Random) -> tuple[str, str]:
    """Phrases for place and weather, the weather sometimes as the place's adjective."""
    place = rng.choice(words.PLACES[named["place"]]) if "place" in named else ""
    weather = named.get("weather", "")
    adjectives = words.WEATHER_ADJECTIVES.get(weather)
    for article in (" a ", " the "):
        if adjectives and article in place and rng.random() < 0.5:
            return place.replace(article, f"{article}{rng.choice(adjectives)} ", 1), ""
    return place, rng.choice(words.WEATHERS[weather]) if weather else ""


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _list(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


class _Said(NamedTuple):
    """The phrases of one sentence; "" for what is left unsaid."""

    noun: str
    beside: str
    verb: str  # "bounces"
    doing: str  # "bouncing"
    place: str
    weather: str
    style: str
    camera: str


def _say(named: dict[str, str], rng: random.Random) -> _Said:
    place, weather = _where(named, rng)
    verb, doing = rng.choice(words.MOTIONS[named["motion"]]) if "motion" in named else ("", "")
    style = rng.choice(words.STYLES[named["style"]]) if "style" in named else ""
    camera = rng.choice(words.CAMERAS[named["camera"]]) if "camera" in named else ""
    beside = _beside(named, rng)
    return _Said(_noun(named, rng), beside, verb, doing, place, weather, style, camera)


def _body(said: _Said, rng: random.Random) -> str:
    noun, beside, verb, doing, place, weather, _, _ = said
    act = rng.choice((doing, doing, verb))
    if rng.random() < 0.5:
        noun, beside = _join(noun, beside), ""
    return rng.choice((
        lambda: _join(noun, act, beside, place, weather),
        lambda: _join(noun, act, place, beside, weather),
        lambda: _join(noun, place, doing, beside, weather),
        lambda: _join(noun, act, beside, weather, place),
        lambda: _join(place + "," if place else "", noun, act, beside, weather),
        lambda: _join(place, weather + "," if weather else "", noun, act, beside),
        lambda: _join(weather + "," if weather else "", noun, act, beside, place),
        lambda: _list(noun, place, weather, doing, beside),
        lambda: _free(said._replace(noun=noun, beside=beside), rng),
    ))()  # fmt: skip


def _free(said: _Said, rng: random.Random) -> str:
    """Looser sentences, of more than one clause."""
    noun, beside, verb, doing, place, weather, _, _ = said
    return rng.choice((
        lambda: _join("there is", noun, beside, place, weather, f"and it {verb}" if verb else ""),
        lambda: _join(noun, beside, f"that {verb}" if verb else "", place, weather),
        lambda: _join(noun, "is", doing, beside, place, weather),
        lambda: _join("we see how", noun, verb, place, beside, weather),
        lambda: ". ".join(p for p in (_join(noun, beside, place), f"it {verb}" if verb else "",
                                      weather) if p),
    ))()  # fmt: skip


def _keywords(said: _Said, rng: random.Random) -> str:
    """The phrases in any order, as people list them."""
    noun, beside, verb, doing, place, weather, style, camera = said
    if rng.random() < 0.7:
        noun, beside = _join(noun, beside), ""
    if rng.random() < 0.4:
        place, doing = rng.choice((_join(place, doing), _join(doing, place))), ""
    parts = [p for p in (noun, beside, rng.choice((doing, doing, verb)) if doing else "",
                         place, weather, style, camera) if p]  # fmt: skip
    rng.shuffle(parts)
    return rng.choice((", ", ", ", " ")).join(parts)


def caption(named: dict[str, str], rng: random.Random) -> str:
    """One sentence that says exactly the attributes in `named`."""
    said = _say(named, rng)
    if rng.random() < 0.25:
        return _keywords(said, rng)
    body, style, camera = _body(said, rng), said.style, said.camera
    tail = [style, camera]
    rng.shuffle(tail)
    shape = rng.random()
    if style and shape < 0.15:
        article = "an" if style[0] in "aeiou8" else "a"
        sentence = _list(
            f"{article} {style} of {body}" if shape < 0.07 else f"{style} {body}", camera
        )
    elif style and shape < 0.30:
        sentence = _list(f"{style}: {body}", camera)
    elif style and shape < 0.45:
        sentence = _list(f"{body} in {style}", camera)
    else:
        sentence = _list(body, *tail)
    if rng.random() < 0.08:
        sentence = f"{rng.choice(('a video of', 'a clip of', 'we see', 'show me'))} {sentence}"
    return sentence


def held_out_caption(named: dict[str, str], rng: random.Random) -> str:
    """Like `caption`, in forms of sentence that no training caption has."""
    noun, beside, verb, doing, place, weather, style, camera = _say(named, rng)
    drawn = f"all done as {style}" if style else ""
    return rng.choice((
        lambda: _list(_join("look", place, "where", noun, verb), beside, weather, drawn, camera),
        lambda: _list(_join("imagine", noun, beside, "as it", verb or "is there", place), weather,
                      drawn, camera),
        lambda: _list(camera, drawn, weather, _join(doing, place), _join(noun, beside)),
        lambda: _list(_join("let us watch", noun, place), f"it is {doing}" if doing else "",
                      weather, beside, drawn, camera),
    ))()  # fmt: skip
