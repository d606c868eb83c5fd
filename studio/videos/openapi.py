"""The part of the OpenAPI document that is under `/v1`."""

from errors import (
    BadRequest,
    BadSpec,
    BudgetExhausted,
    Conflict,
    GreenroomError,
    NotFound,
    NotGranted,
    NotOffered,
    NotReady,
    NotSignedIn,
    StoreFailed,
    Suspended,
    TokenInvalid,
    TooMany,
    TooManySignIns,
    Unavailable,
)
from sora_core.catalog import MODELS
from sora_core.spec import PROMPT_MAX_CHARS, SECONDS_MAX, SEED_MAX, SIZES, STORYBOARD_MAX
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
from studio.videos.content import VARIANTS
from studio.videos.listing import PAGE, PAGE_MAX
from studio.videos.objects import STATUS
from studio.videos.wishes import VARIATIONS_MAX

ALWAYS: tuple[type[GreenroomError], ...] = (
    BadRequest,
    BadSpec,
    NotSignedIn,
    NotGranted,
    NotFound,
    TooMany,
    TooManySignIns,
    Unavailable,
)
MADE = (Suspended, BudgetExhausted, TokenInvalid, Conflict, NotReady, StoreFailed)
SECOND = {"type": "integer", "description": "seconds since the epoch, UTC"}
FORM = "multipart/form-data"
KEY = {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 255}}


def paths() -> dict[str, Schema]:
    video_id = [in_path("video_id", ID)]
    made = answer("The video, queued.", ref("Video"))
    made["links"] = {
        "again": link("retrieve_video", "video_id", "$response.body#/id"),
        "content": link("download_video", "video_id", "$response.body#/id"),
        "delete": link("delete_video", "video_id", "$response.body#/id"),
    }
    return {
        "/v1/videos": {
            "get": operation("list_videos", answer("A page.", ref("VideoList")))
            | {"parameters": listing()},
            "post": making("create_video", made, "CreateVideo", FORM),
        },
        "/v1/videos/edits": {"post": making("edit_video", made, "EditVideo", FORM)},
        "/v1/videos/extensions": {"post": making("extend_video", made, "ExtendVideo", FORM)},
        "/v1/videos/characters": {"post": refused("create_character")},
        "/v1/videos/characters/{character_id}": {
            "parameters": [in_path("character_id", {**TEXT, "pattern": "^[A-Za-z0-9_-]{1,64}$"})],
            "get": refused("retrieve_character"),
        },
        "/v1/videos/{video_id}": {
            "parameters": video_id,
            "get": operation("retrieve_video", answer("One of yours.", ref("Video"))),
            "delete": operation("delete_video", answer("Stopped and erased.", ref("DeletedVideo"))),
        },
        "/v1/videos/{video_id}/content": {"parameters": video_id, "get": content()},
        "/v1/videos/{video_id}/remix": {
            "parameters": video_id,
            "post": making("remix_video", made, "RemixVideo"),
        },
        "/v1/models": {"get": operation("list_models", answer("On offer.", ref("ModelList")))},
        "/v1/models/{name}": {
            "parameters": [in_path("name", {**TEXT, "pattern": "^[a-z0-9-]{1,40}$"})],
            "get": operation("show_model", answer("One of them.", ref("Model"))),
        },
    }


def operation(name: str, found: Schema, *more: type[GreenroomError], status: int = 200) -> Schema:
    """The answer `found` under `status`, and an error body for each way of refusing."""
    failures = refusals((*ALWAYS, *more), "application/json", ref("Error"))
    return {"operationId": name, "responses": {str(status): found, **failures}}


def making(name: str, made: Schema, schema: str, *also: str) -> Schema:
    body = {kind: {"schema": ref(schema)} for kind in ("application/json", *also)}
    return {
        **operation(name, made, *MADE),
        "parameters": [KEY],
        "requestBody": {"required": True, "content": body},
    }


def refused(name: str) -> Schema:
    failures = refusals((*ALWAYS, NotOffered), "application/json", ref("Error"))
    return {"operationId": name, "responses": failures, "description": "Not on offer, and why."}


def content() -> Schema:
    file = {"schema": {**TEXT, "format": "binary"}}
    kinds = {"video/mp4": file, "image/jpeg": file}
    whole = {"description": "The film, its still or its sprite sheet.", "content": kinds}
    found = operation("download_video", whole, NotReady, StoreFailed)
    found["responses"]["206"] = {"description": "The range asked for.", "content": kinds}
    found["responses"]["416"] = {"description": "There is no such range."}
    return found | {"parameters": [in_query("variant", {"enum": list(VARIANTS)})]}


def in_path(name: str, schema: Schema) -> Schema:
    return {"in": "path", "name": name, "required": True, "schema": schema}


def in_query(name: str, schema: Schema) -> Schema:
    return {"in": "query", "name": name, "schema": schema}


def listing() -> list[Schema]:
    limit = {"type": "integer", "minimum": 0, "maximum": PAGE_MAX, "default": PAGE}
    return [
        in_query("limit", limit),
        in_query("order", {"enum": ["asc", "desc"], "default": "desc"}),
        in_query("after", ID),
    ]


def schemas() -> dict[str, Schema]:
    return {
        "CreateVideo": create_video(),
        "EditVideo": out_of({"video": named_video(), "strength": strength()}, "video"),
        "ExtendVideo": out_of({"video": named_video(), "seconds": seconds()}, "video", "seconds"),
        "RemixVideo": out_of({"strength": strength()}),
        "Video": video(),
        "VideoList": listed("Video", nullable(ID)),
        "DeletedVideo": whole_object(
            {"id": ID, "object": {"const": "video.deleted"}, "deleted": {"const": True}}
        ),
        "Model": {
            "type": "object",
            "required": ["id", "object", "created", "owned_by"],
            "properties": {"id": TEXT, "object": {"const": "model"}, "created": SECOND},
        },
        "ModelList": listed("Model", nullable(TEXT)),
        "Error": error(),
    }


def extras() -> Schema:
    styles = sorted({style for model in MODELS.values() for style in model.styles})
    return {
        "style": {"enum": styles},
        "seed": {"type": "integer", "minimum": 0, "maximum": SEED_MAX},
        "negative_prompt": {**TEXT, "maxLength": PROMPT_MAX_CHARS},
        "turbo": {"type": "boolean"},
        "variations": {"type": "integer", "minimum": 1, "maximum": VARIATIONS_MAX},
    }


def create_video() -> Schema:
    sizes = [f"{width}x{height}" for pairs in SIZES.values() for width, height in pairs]
    reference = {
        "description": "A PNG, JPEG or WebP: a file, a data: URL, or one that is here already.",
        "anyOf": [
            {**TEXT, "format": "binary"},
            whole_object({"image_url": {**TEXT, "pattern": "^data:"}}),
            whole_object({"file_id": TEXT}),
        ],
    }
    scenes = {**array(prompt()), "minItems": 1, "maxItems": STORYBOARD_MAX}
    properties = {
        "prompt": prompt(),
        "model": {"enum": list(MODELS)},
        "seconds": seconds(),
        "size": {"enum": sizes},
        "input_reference": reference,
        "storyboard": scenes,
        **extras(),
    }
    return whole_object(properties, ["prompt"])


def out_of(properties: Schema, *required: str) -> Schema:
    return whole_object({"prompt": prompt(), **properties, **extras()}, ["prompt", *required])


def prompt() -> Schema:
    return {**TEXT, "minLength": 1, "maxLength": PROMPT_MAX_CHARS}


def seconds() -> Schema:
    """Existing clients send text."""
    return {"enum": [str(number) for number in range(1, SECONDS_MAX + 1)]}


def strength() -> Schema:
    return {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


def named_video() -> Schema:
    """By its id, or a film as a file."""
    return {"anyOf": [whole_object({"id": ID}), {**TEXT, "format": "binary"}]}


def video() -> Schema:
    properties = {
        "id": ID,
        "object": {"const": "video"},
        "model": TEXT,
        "status": {"enum": sorted(set(STATUS.values()))},
        "progress": {**COUNT, "maximum": 100},
        "created_at": SECOND,
        "completed_at": nullable(SECOND),
        "expires_at": nullable(SECOND),
        "prompt": nullable(TEXT),
        "size": {**TEXT, "pattern": "^[0-9]+x[0-9]+$"},
        "seconds": {**TEXT, "pattern": "^[0-9]+$"},
        "remixed_from_video_id": nullable(TEXT),
        "error": nullable(whole_object({"code": TEXT, "message": TEXT})),
        "review": nullable(
            whole_object(
                {
                    "state": {"enum": ["approved", "rejected", "waiting"]},
                    "appeal": {"type": "boolean"},
                    "reason": nullable(TEXT),
                    "words": TEXT,
                }
            )
        ),
        "style": nullable(TEXT),
        "seed": COUNT,
        "negative_prompt": TEXT,
        "turbo": {"type": "boolean"},
        "operation": TEXT,
        "sources": array(TEXT),
        "variation_of": nullable(ID),
        "variations": array(ID),
    }
    return whole_object(properties, [name for name in properties if name != "variations"])


def listed(name: str, id_schema: Schema) -> Schema:
    return whole_object(
        {
            "object": {"const": "list"},
            "data": array(ref(name)),
            "first_id": id_schema,
            "last_id": id_schema,
            "has_more": {"type": "boolean"},
        }
    )


def error() -> Schema:
    members = {
        "message": {**TEXT, "minLength": 1},
        "type": TEXT,
        "param": nullable(TEXT),
        "code": TEXT,
    }
    inner = {"type": "object", "required": list(members), "properties": members}
    return whole_object({"error": inner})
