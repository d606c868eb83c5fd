"""A film says where it comes from: what drew it, with what software, when, out of what."""

import io
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import c2pa
from PIL import Image

from errors import BootRefused, StoreFailed
from sora_core.credentials.identity import Identity
from sora_core.credentials.reading import TRUSTED, context_of

SOFTWARE = "Greenroom"
VERSION = "0.1.0"
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MARK = "greenroom.mark.1"
#: What one film goes on from; others are inputs of a new one (C2PA 2.x, ingredients).
CONTINUES = ("extend", "extend_back", "loop", "remix", "shown")
#: The operation of a copy that was only given the visible mark.
SHOWN = "shown"


@dataclass(frozen=True)
class Claim:
    """What is signed of a film. Nothing in it tells of a person or of what was asked for.

    model, variant  by whom it was drawn
    operation       one of sora_core.spec.OPERATIONS, or SHOWN
    made_at         milliseconds since 1970, UTC
    sources         the films and pictures it began with
    mark            the number of the invisible mark in it, if it has one
    """

    model: str
    variant: str
    operation: str
    made_at: int
    sources: Sequence[Path] = ()
    mark: int | None = None

    def manifest(self) -> dict[str, Any]:
        """In the terms of C2PA 2.x: actions, and the soft binding that names the mark."""
        when = datetime.fromtimestamp(self.made_at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        named = [f"source-{number}" for number in range(len(self.sources))]
        drawn: dict[str, Any] = {
            "action": "c2pa.edited" if self.continues else "c2pa.created",
            "digitalSourceType": TRAINED,
            "softwareAgent": {"name": self.model, "version": self.variant},
            "when": when,
            "description": f"Drawn by a trained model: {self.operation.replace('_', ' ')}",
        }
        if self.operation == SHOWN:
            drawn["softwareAgent"] = {"name": SOFTWARE, "version": VERSION}
            drawn["description"] = "Given a visible sign that says a model made it"
        if named and not self.continues:
            drawn["parameters"] = {"ingredientIds": named}
        opened = {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": named}}
        actions, assertions = [opened, drawn] if self.continues else [drawn], []
        if self.mark is not None:
            actions.append({"action": "c2pa.watermarked.bound", "when": when})
            block = {"scope": {}, "value": f"{self.mark:012x}"}
            assertions = [{"label": "c2pa.soft-binding", "data": {"alg": MARK, "blocks": [block]}}]
        return {
            "title": "clip.mp4",
            "claim_generator_info": [{"name": SOFTWARE, "version": VERSION}],
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": actions}},
                *assertions,
            ],
        }

    @property
    def continues(self) -> bool:
        """Whether it is a later state of one film: C2PA's parent, of which there is one."""
        return self.operation in CONTINUES and len(self.sources) == 1


class Signer:
    """Signs films in the name of one identity. Threads may share it."""

    def __init__(self, identity: Identity) -> None:
        """Raises BootRefused unless what it signs is trusted afterwards, by trying."""
        try:
            info = c2pa.C2paSignerInfo(
                c2pa.C2paSigningAlg.ES256, identity.chain.encode(), identity.key.encode(), None
            )
            self.context = context_of(identity.roots, c2pa.Signer.from_info(info))
            self.try_out()
        except c2pa.C2paError as error:
            raise BootRefused(
                "The certificates that clips are signed with cannot sign: they need ES256, digital "
                "signature, e-mail protection, an authority key identifier, and days left. "
                f"{error}"
            ) from error

    def try_out(self) -> None:
        picture, signed = io.BytesIO(), io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "PNG")
        picture.seek(0)
        claim = Claim(model="none", variant="none", operation="text", made_at=0)
        with c2pa.Builder(claim.manifest(), self.context) as builder:
            builder.sign("image/png", picture, signed)
        signed.seek(0)
        with c2pa.Reader("image/png", signed, context=self.context) as reader:
            if reader.get_validation_state() != TRUSTED:
                raise c2pa.C2paError("GREENROOM_SIGNING_ROOTS holds no root they end in.")

    def sign(self, film: Path, claim: Claim) -> None:
        """Put signed credentials into the MP4 at `film`, in its place.

        The last thing that is done to a film: whatever writes it again drops them.
        Raises StoreFailed; the film is as it was then.
        """
        signed = film.with_suffix(".signed.mp4")
        try:
            with c2pa.Builder(claim.manifest(), self.context) as builder, ExitStack() as opened:
                relation = "parentOf" if claim.continues else "inputTo"
                for number, source in enumerate(claim.sources):
                    kind = media_type(source)
                    builder.add_ingredient(
                        {
                            "title": "a film" if kind.startswith("video") else "a picture",
                            "relationship": relation,
                            "instance_id": f"source-{number}",
                            "label": f"source-{number}",
                        },
                        kind,
                        opened.enter_context(source.open("rb")),
                    )
                builder.sign_file(film, signed)
            os.replace(signed, film)
        except (c2pa.C2paError, OSError) as error:
            signed.unlink(missing_ok=True)
            raise StoreFailed(
                "The clip was drawn but could not be signed. Try again later."
            ) from error


def media_type(source: Path) -> str:
    """By its first bytes. Of WebM credentials cannot be read: it stands in the chain without."""
    with source.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:4] == b"\x89PNG":
        return "image/png"
    if head[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg" if head[:2] == b"\xff\xd8" else "video/webm"
