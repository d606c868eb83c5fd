"""Whether a film's credentials hold, and the chain of what it came from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa

from errors import BadSpec

TRUSTED = "Trusted"
MAX_STEPS = 50
VERDICTS = {
    "trusted": "Trusted: signed here, or by whom you trust, and unchanged since.",
    "valid": "Valid, not trusted: unchanged since it was signed, by somebody nobody here knows.",
    "broken": "Broken: changed since it was signed, or signed wrongly. Do not believe it.",
    "none": "No credentials: it says nothing of where it comes from.",
}


@dataclass(frozen=True)
class Step:
    """One film or picture of the chain.

    relation  `itself`, or what it was to the one that names it: `parent`, `input`, `component`
    state     `trusted`: signed by us or ours, unchanged. `valid`: unchanged, signed by somebody
              we do not know. `broken`: changed after it was signed. `none`: no credentials
    signer    the name in the certificate, which anybody can write into one of their own: only
              `trusted` makes it true
    mark      the number that its invisible mark should hold, 12 hex digits
    depth     0 of the film itself, 1 of what it was made from, …
    """

    relation: str
    state: str
    title: str
    signer: str | None = None
    software: str | None = None
    model: str | None = None
    made_by_a_model: bool = False
    what: str | None = None
    when: datetime | None = None
    mark: str | None = None
    depth: int = 0


def context_of(roots: str, signer: "c2pa.Signer | None" = None) -> "c2pa.Context":
    """Trust `roots` (PEM) alone; ask nothing of the network."""
    settings = {
        "trust": {"trust_anchors": roots},
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings), signer)


def read_credentials(film: Path, roots: str) -> list[Step]:
    """The film itself, then what it was made from, each before its own sources.

    A trusted film may come from a broken one: look at every step. Raises BadSpec where it is no
    MP4.
    """
    try:
        with film.open("rb") as file:
            is_film = file.read(8)[4:8] == b"ftyp"
    except OSError as error:
        raise BadSpec("There is no such file.", field="file") from error
    if not is_film:
        raise BadSpec("This is no MP4 film: credentials are in those alone.", field="file")
    try:
        reader = c2pa.Reader.try_create("video/mp4", film.open("rb"), context=context_of(roots))
    except c2pa.C2paError:
        return [Step("itself", "broken", film.name)]
    if reader is None:
        return [Step("itself", "none", film.name)]
    with reader:
        told = json.loads(reader.json())
    results = told.get("validation_results") or {}
    manifests = told.get("manifests") or {}
    steps = follow(manifests, told.get("active_manifest"), "itself", film.name, results, 0)
    return [step for step, _ in zip(steps, range(MAX_STEPS), strict=False)]


def follow(
    manifests: Mapping[str, Any],
    label: str | None,
    relation: str,
    title: str,
    results: Mapping[str, Any],
    depth: int,
) -> Iterator[Step]:
    manifest = manifests.get(label or "")
    if manifest is None:
        yield Step(relation, "none", title, depth=depth)
        return
    yield step_of(manifest, relation, title, state_of(results), depth)
    if depth < MAX_STEPS:
        for source in manifest.get("ingredients") or []:
            yield from follow(
                manifests,
                source.get("active_manifest"),
                {"parentOf": "parent", "inputTo": "input"}.get(
                    source.get("relationship", ""), "component"
                ),
                str(source.get("title", "")),
                source.get("validation_results") or {},
                depth + 1,
            )


def state_of(results: Mapping[str, Any]) -> str:
    """Of one manifest. Its own failures: those of what it came from stand there."""
    active = results.get("activeManifest")
    if active is None:
        return "broken"
    failures = {failure["code"] for failure in active.get("failure") or []}
    if failures - {"signingCredential.untrusted"}:
        return "broken"
    trusted = {success["code"] for success in active.get("success") or []}
    return "trusted" if "signingCredential.trusted" in trusted else "valid"


def step_of(manifest: Mapping[str, Any], relation: str, title: str, state: str, depth: int) -> Step:
    said = {row.get("label", ""): row.get("data") or {} for row in manifest.get("assertions") or []}
    actions = [
        action
        for label, data in said.items()
        if label.startswith("c2pa.actions")
        for action in data.get("actions") or []
    ]
    drawn: dict[str, Any] = next((a for a in actions if a.get("digitalSourceType")), {})
    software: dict[str, Any] = next(iter(manifest.get("claim_generator_info") or []), {})
    blocks = said.get("c2pa.soft-binding", {}).get("blocks") or [{}]
    return Step(
        relation=relation,
        state=state,
        title=title,
        signer=(manifest.get("signature_info") or {}).get("common_name"),
        software=" ".join(filter(None, (software.get("name"), software.get("version")))) or None,
        model=agent_of(drawn),
        made_by_a_model=str(drawn.get("digitalSourceType")).endswith("/trainedAlgorithmicMedia"),
        what=drawn.get("description"),
        when=moment(drawn.get("when")),
        mark=blocks[0].get("value"),
        depth=depth,
    )


def agent_of(action: Mapping[str, Any]) -> str | None:
    agent = action.get("softwareAgent")
    if isinstance(agent, str):
        return agent
    return " ".join(filter(None, (agent.get("name"), agent.get("version")))) if agent else None


def moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
