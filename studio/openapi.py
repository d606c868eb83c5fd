"""What scripts may ask for, as an OpenAPI document. `python -m studio.openapi` prints it.

Written by hand and held to the truth from outside: tests/studio/test_openapi.py lets schemathesis
ask a running Greenroom for everything in it, with good, bad and no credentials.
"""

import json
import sys

from errors import (
    BadRequest,
    BadSpec,
    BudgetExhausted,
    Conflict,
    GreenroomError,
    NotFound,
    NotGranted,
    NotSignedIn,
    StoreFailed,
    TokenInvalid,
    TooMany,
    TooManySignIns,
    Unavailable,
)
from sora_core.catalog import MODELS
from sora_core.spec import PROMPT_MAX_CHARS, SECONDS_MAX, SEED_MAX, SIZES
from studio.schemas import (
    COUNT,
    ID,
    TEXT,
    Schema,
    answer,
    array,
    link,
    nullable,
    ref,
    refusals,
    whole_object,
)
from studio.videos import openapi as videos
from studio.webhooks import openapi as webhooks

VERSION = "0.1.0"
ALWAYS: tuple[type[GreenroomError], ...] = (
    BadRequest,
    NotSignedIn,
    NotGranted,
    NotFound,
    TooManySignIns,
    Unavailable,
)
MOMENT = {"type": "integer", "description": "milliseconds since the epoch, UTC"}
BOOL = {"type": "boolean"}
PICTURE = {"type": "string", "pattern": "^picture_[0-9a-f]{32}$"}


def describe() -> Schema:
    """The whole document, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Greenroom",
            "version": VERSION,
            "description": "Early access to a text-to-video model. Refusals are RFC 9457 problem "
            "documents, under /v1 objects named error; `code` is stable.",
        },
        "security": [{"token": []}],
        "paths": paths() | belongings() | videos.paths() | webhooks.paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Wish": wish(),
                "Job": job(),
                "Me": me(),
                "Problem": problem(),
                **videos.schemas(),
                **webhooks.schemas(),
            },
        },
    }


def paths() -> dict[str, Schema]:
    job_id = [parameter("job_id", ID)]
    refused = (BadSpec, TooMany, BudgetExhausted, TokenInvalid)
    links = {
        "again": link("show_job", "job_id", "$response.body#/id"),
        "stop": link("cancel_job", "job_id", "$response.body#/id"),
    }
    made = {**answer("The new job, waiting in line.", ref("Job")), "links": links}
    body = {"required": True, "content": {"application/json": {"schema": ref("Wish")}}}
    jobs = {"type": "object", "required": ["jobs"], "properties": {"jobs": array(ref("Job"))}}
    return {
        "/me": {"get": operation("show_me", {"200": answer("Who asks.", ref("Me"))})},
        "/offer": {
            "get": operation("show_offer", {"200": answer("On offer.", {"type": "object"})})
        },
        "/jobs": {
            "get": operation("list_jobs", {"200": answer("Your newest jobs.", jobs)}),
            "post": {
                **operation("make_job", {"202": made}, *refused),
                "requestBody": body,
            },
        },
        "/jobs/{job_id}": {
            "parameters": job_id,
            "get": operation("show_job", {"200": answer("One job of yours.", ref("Job"))}),
        },
        "/jobs/{job_id}/cancel": {
            "parameters": job_id,
            "post": operation(
                "cancel_job", {"202": answer("Stopped, or stopping.", ref("Job"))}, Conflict
            ),
        },
    }


def belongings() -> dict[str, Schema]:
    """One's devices, and the pictures that clips begin with."""
    device = {"id": ID, "label": TEXT, "here": BOOL, "enrolled_at": MOMENT}
    device["last_used_at"] = nullable(MOMENT)
    devices = whole_object({"now": MOMENT, "devices": array(whole_object(device))})
    size = {"type": "integer", "minimum": 1}
    picture = whole_object({"id": PICTURE, "url": TEXT, "width": size, "height": size})
    link_made = answer("A sign-in link for one more device.", whole_object({"link": TEXT}))
    bytes_ = {"schema": {"type": "string", "format": "binary"}}
    kinds = dict.fromkeys(("image/png", "image/jpeg", "image/webp"), bytes_)
    shown = {"description": "The picture.", "content": {"image/jpeg": bytes_}}
    token = {"id": TEXT, "token": TEXT, "replaces": TEXT, "expires_at": MOMENT}
    renewed = whole_object(token | {"old_expires_at": MOMENT})
    rotated = answer("A new token in place of the one that asked.", renewed)
    return {
        "/v1/tokens/rotate": {
            "post": videos.operation("rotate_token", rotated, Conflict, status=201)
        },
        "/devices/list": {
            "get": operation("list_devices", {"200": answer("Your devices.", devices)})
        },
        "/devices/link": {"post": operation("make_device_link", {"201": link_made})},
        "/devices/{device_id}/remove": {
            "parameters": [parameter("device_id", ID)],
            "post": operation("remove_device", {"204": {"description": "It is gone."}}),
        },
        "/pictures": {
            "post": {
                **operation(
                    "bring_picture",
                    {"201": answer("Kept.", picture)},
                    BadSpec,
                    TooMany,
                    StoreFailed,
                ),
                "requestBody": {"required": True, "content": kinds},
            }
        },
        "/pictures/{picture_id}.jpg": {
            "parameters": [parameter("picture_id", PICTURE)],
            "get": operation("show_picture", {"200": shown}),
        },
    }


def parameter(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def operation(name: str, answers: Schema, *more: type[GreenroomError]) -> Schema:
    """`answers` by status, and a problem for each way of refusing this, and any, request."""
    problems = refusals((*ALWAYS, *more), "application/problem+json", ref("Problem"))
    return {"operationId": name, "responses": {**answers, **problems}}


def wish() -> Schema:
    """What a clip can be asked for with. More spellings are understood than are written here."""
    sizes = [f"{width}x{height}" for pairs in SIZES.values() for width, height in pairs]
    styles = sorted({style for model in MODELS.values() for style in model.styles})
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "minLength": 1, "maxLength": PROMPT_MAX_CHARS},
            "negative_prompt": {"type": "string", "maxLength": PROMPT_MAX_CHARS},
            "size": {"enum": sizes},
            "seconds": {"type": "integer", "minimum": 1, "maximum": SECONDS_MAX},
            "seed": {"type": "integer", "minimum": 0, "maximum": SEED_MAX},
            "priority": {"enum": ["tester", "background"]},
            "style": {"enum": styles},
        },
    }


def job() -> Schema:
    return {
        "type": "object",
        "required": ["id", "state", "spec", "step", "steps", "gpu_ms", "created_at", "clip"],
        "properties": {
            "id": ID,
            "state": {"enum": ["queued", "running", "finished", "failed", "stopped"]},
            "spec": {"type": "object"},
            "place": COUNT,
            "wait_ms": nullable(COUNT),
            "step": COUNT,
            "steps": COUNT,
            "stop_reason": nullable({"type": "string"}),
            "gpu_ms": COUNT,
            "created_at": MOMENT,
            "started_at": nullable(MOMENT),
            "ended_at": nullable(MOMENT),
            "clip": nullable({"type": "object", "required": ["url", "bytes", "width", "height"]}),
        },
    }


def me() -> Schema:
    left = {"type": "object", "required": ["clips_left", "gpu_ms_left", "held", "concurrent"]}
    return {
        "type": "object",
        "required": ["name", "is_admin", "may_review", "allowance"],
        "properties": {
            "name": {"type": "string"},
            "is_admin": {"type": "boolean"},
            "may_review": {"type": "boolean"},
            "allowance": left,
        },
    }


def problem() -> Schema:
    """RFC 9457, with our stable `code`."""
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "pattern": "^urn:greenroom:[a-z_]+$"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "minLength": 1},
            "code": {"type": "string"},
        },
    }


if __name__ == "__main__":
    json.dump(describe(), sys.stdout, indent=2)
