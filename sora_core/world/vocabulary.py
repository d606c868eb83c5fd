"""The words of the world: every attribute, its values, and the phrases people use for them."""

from __future__ import annotations

SUBJECTS: dict[str, tuple[str, ...]] = {
    "ball": ("ball", "beach ball", "sphere", "orb"),
    "star": ("star", "starlet", "five-pointed star"),
    "heart": ("heart", "love heart", "valentine"),
    "boat": ("boat", "sailboat", "ship", "yacht", "sailing boat"),
    "car": ("car", "automobile", "taxi", "jeep"),
    "rocket": ("rocket", "spaceship", "spacecraft", "rocket ship"),
    "balloon": ("hot air balloon", "balloon", "hot-air balloon", "airship"),
    "fish": ("fish", "goldfish", "trout"),
    "cat": ("cat", "kitten", "kitty"),
    "bird": ("bird", "sparrow", "robin", "songbird"),
    "robot": ("robot", "android", "droid"),
    "ufo": ("ufo", "flying saucer", "alien ship", "saucer"),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange", "tangerine", "amber"),
    "yellow": ("yellow", "golden", "lemon"),
    "green": ("green", "emerald", "lime"),
    "blue": ("blue", "azure", "navy"),
    "purple": ("purple", "violet", "lilac"),
    "pink": ("pink", "rose", "magenta"),
    "white": ("white", "ivory", "snow-white"),
}
SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little"),
    "medium": ("medium", "medium-sized", "mid-sized"),
    "large": ("large", "big", "huge", "giant"),
}
# Phrases follow the subject: "a cat <phrase>". Listed as (verb -s form, -ing form).
MOTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "still": (("rests", "resting"), ("stands still", "standing still"), ("waits", "waiting")),
    "bounce": (("bounces", "bouncing"), ("hops", "hopping"), ("jumps", "jumping")),
    "float": (("floats", "floating"), ("hovers", "hovering"), ("bobs", "bobbing")),
    "right": (
        ("moves right", "moving right"),
        ("glides to the right", "gliding to the right"),
        ("travels right", "travelling right"),
    ),
    "left": (
        ("moves left", "moving left"),
        ("glides to the left", "gliding to the left"),
        ("travels left", "travelling left"),
    ),
    "rise": (("rises", "rising"), ("climbs", "climbing"), ("ascends", "ascending")),
    "spin": (("spins", "spinning"), ("rotates", "rotating"), ("twirls", "twirling")),
    "sway": (("sways", "swaying"), ("rocks", "rocking"), ("wobbles", "wobbling")),
    "pulse": (("pulses", "pulsing"), ("grows and shrinks", "growing and shrinking")),
    "circle": (("circles", "circling"), ("flies in circles", "flying in circles")),
}
# Phrases stand by themselves after the subject: "a cat in a meadow".
PLACES: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "over green hills", "in a field", "in the grass", "in a park"),
    "forest": ("in a forest", "in the woods", "among pine trees", "in a pine forest"),
    "ocean": ("on the ocean", "at sea", "on the sea", "over the waves", "on the water"),
    "desert": ("in a desert", "over sand dunes", "in the dunes", "in the sahara"),
    "city": ("in a city", "above a skyline", "in town", "over skyscrapers", "downtown"),
    "mountains": ("in the mountains", "in the alps", "by tall peaks", "on a mountain"),
    "underwater": ("underwater", "under the sea", "on the seabed", "in a coral reef"),
    "space": ("in space", "in outer space", "among the stars", "in the galaxy"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("in clear weather", "on a clear day", "in fine weather"),
    "rain": ("in the rain", "on a rainy day", "in a downpour", "while it rains"),
    "snow": ("in the snow", "in falling snow", "while it snows", "in a snowstorm"),
}
# One adjective may go before a place's noun: "in a snowy forest".
WEATHER_ADJECTIVES: dict[str, tuple[str, ...]] = {"rain": ("rainy",), "snow": ("snowy",)}
CAMERAS: dict[str, tuple[str, ...]] = {
    "static": ("static camera", "fixed camera", "the camera holds still"),
    "pan left": ("camera pans left", "the camera pans to the left", "panning left"),
    "pan right": ("camera pans right", "the camera pans to the right", "panning right"),
    "zoom in": ("camera zooms in", "slow zoom in", "the camera moves closer"),
    "zoom out": ("camera zooms out", "slow zoom out", "the camera pulls back"),
}
STYLES: dict[str, tuple[str, ...]] = {
    "cartoon": ("cartoon", "cartoon style", "flat illustration", "storybook style"),
    "pixel art": ("pixel art", "8-bit", "pixelated", "retro game style"),
    "sketch": ("sketch", "pencil sketch", "pencil drawing", "hand-drawn"),
    "noir": ("noir", "black and white", "film noir", "monochrome"),
    "neon": ("neon", "neon glow", "glowing neon", "synthwave"),
}

#: Attribute name → its values, in a fixed order that trained weights depend on.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
    "motion": tuple(MOTIONS),
    "place": tuple(PLACES),
    "weather": tuple(WEATHERS),
    "camera": tuple(CAMERAS),
    "style": tuple(STYLES),
}

#: What a prompt may say: the attributes, and a second subject beside the first.
SLOTS: dict[str, tuple[str, ...]] = ATTRIBUTES | {
    "second": tuple(SUBJECTS),
    "second_colour": tuple(COLOURS),
}

#: Words that carry no content: never reported as "not understood".
FILLERS: frozenset[str] = frozenset(
    "a an the of in on at by with and to is are it its that this there while as for over "  # noqa: SIM905
    "above "
    "under among from his her one some very video clip scene film shot animation showing shows "
    "show featuring we see style day weather please make draw me next beside near together "
    "who which how where looking like done all picture look us let imagine into watch".split(" ")
)


def phrases(attribute: str) -> dict[str, tuple[str, ...]]:
    """Every phrase that names each value of `attribute`, as plain strings."""
    if attribute == "motion":
        return {value: tuple(w for pair in MOTIONS[value] for w in pair) for value in MOTIONS}
    table = {
        "subject": SUBJECTS, "colour": COLOURS, "size": SIZES, "place": PLACES,
        "weather": WEATHERS, "camera": CAMERAS, "style": STYLES, "second": SUBJECTS,
        "second_colour": COLOURS,
    }[attribute]  # fmt: skip
    if attribute == "weather":
        return {v: p + WEATHER_ADJECTIVES.get(v, ()) for v, p in table.items()}
    return table
