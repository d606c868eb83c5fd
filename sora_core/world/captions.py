"""Sentences about scenes: synonyms, word orders, and much left unsaid.

What no eye can tell is never said: colour in a black-and-white clip. What is left unsaid teaches
the model to choose for itself.
"""

from __future__ import annotations

import random

from sora_core.world import vocabulary as words
from sora_core.world.scene import Scene

#: How often an attribute is named, and how often when it has its plain value.
_NAMED: dict[str, tuple[float, float]] = {
    "subject": (0.97, 0.97), "colour": (0.86, 0.86), "size": (0.60, 0.60), "motion": (0.75, 0.75),
    "place": (0.93, 0.93), "weather": (0.88, 0.08), "camera": (0.88, 0.08), "style": (0.92, 0.30),
}  # fmt: skip
PLAIN: dict[str, str] = {"weather": "clear", "camera": "static", "style": "cartoon"}
_ANY_SUBJECT = ("something", "a thing", "an object")


def visible(scene: Scene) -> dict[str, str]:
    """The attributes an eye can tell from the clip."""
    seen = scene.attributes()
    if scene.style == "noir":
        del seen["colour"]
    return seen


def choose_named(scene: Scene, rng: random.Random) -> dict[str, str]:
    """Draw which attributes a caption names."""
    named = {}
    for name, value in visible(scene).items():
        often, plain = _NAMED[name]
        if rng.random() < (plain if PLAIN.get(name) == value else often):
            named[name] = value
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
    article = rng.choice(("a", "a", "a", "the", "one"))
    return f"{'an' if article == 'a' and noun[0] in 'aeiou' else article} {noun}"


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


def caption(named: dict[str, str], rng: random.Random) -> str:
    """One sentence that says exactly the attributes in `named`."""
    noun = _noun(named, rng)
    place, weather = _where(named, rng)
    verb, doing = rng.choice(words.MOTIONS[named["motion"]]) if "motion" in named else ("", "")
    style = rng.choice(words.STYLES[named["style"]]) if "style" in named else ""
    camera = rng.choice(words.CAMERAS[named["camera"]]) if "camera" in named else ""
    act = rng.choice((doing, doing, verb))
    body = rng.choice((
        lambda: _join(noun, act, place, weather),
        lambda: _join(noun, act, place, weather),
        lambda: _join(noun, place, doing, weather),
        lambda: _join(noun, act, weather, place),
        lambda: _join(place + "," if place else "", noun, act, weather),
        lambda: _join(place, weather + "," if weather else "", noun, act),
        lambda: _join(weather + "," if weather else "", noun, act, place),
        lambda: ", ".join(p for p in (noun, place, weather, doing) if p),
    ))()  # fmt: skip
    tail = [style, camera]
    rng.shuffle(tail)
    shape = rng.random()
    if style and shape < 0.15:
        article = "an" if style[0] in "aeiou8" else "a"
        sentence = f"{article} {style} of {body}" if shape < 0.07 else f"{style} {body}"
        sentence = ", ".join(p for p in (sentence, camera) if p)
    elif style and shape < 0.30:
        sentence = ", ".join(p for p in (f"{style}: {body}", camera) if p)
    elif style and shape < 0.45:
        sentence = ", ".join(p for p in (f"{body} in {style}", camera) if p)
    else:
        sentence = ", ".join(p for p in (body, *tail) if p)
    if rng.random() < 0.08:
        sentence = f"{rng.choice(('a video of', 'a clip of', 'we see', 'show me'))} {sentence}"
    return sentence
