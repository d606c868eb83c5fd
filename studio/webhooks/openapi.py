"""The part of the OpenAPI document that is about webhooks."""

from studio.schemas import TEXT, Schema, answer, array, link, nullable, ref, whole_object
from studio.videos.openapi import SECOND, in_path, listed, operation
from studio.webhooks.desk import NAME_MAX_CHARS, OVERLAP
from studio.webhooks.reaching import URL_MAX_CHARS
from studio.webhooks.records import EVENT_TYPES
from studio.webhooks.routes import PATH

ENDPOINT_ID: Schema = {**TEXT, "pattern": "^we_[0-9a-f]{32}$"}
DELIVERY_ID: Schema = {**TEXT, "pattern": "^evt_[0-9a-f]{32}$"}
EVENT_TYPE: Schema = {"enum": list(EVENT_TYPES)}


def paths() -> dict[str, Schema]:
    endpoint_id = [in_path("endpoint_id", ENDPOINT_ID)]
    added = answer("The endpoint, with its secret.", ref("NewWebhookEndpoint"))
    added["links"] = {
        "again": link("show_endpoint", "endpoint_id", "$response.body#/id"),
        "remove": link("remove_endpoint", "endpoint_id", "$response.body#/id"),
    }
    return {
        PATH: {
            "get": operation("list_endpoints", answer("Yours.", ref("WebhookEndpointList"))),
            "post": asked("add_endpoint", added, "AddWebhookEndpoint"),
        },
        f"{PATH}/{{endpoint_id}}": {
            "parameters": endpoint_id,
            "get": operation("show_endpoint", answer("One of yours.", ref("WebhookEndpoint"))),
            "post": asked(
                "change_endpoint",
                answer("The endpoint as it is now.", ref("WebhookEndpoint")),
                "ChangeWebhookEndpoint",
            ),
            "delete": operation(
                "remove_endpoint", answer("Removed.", ref("DeletedWebhookEndpoint"))
            ),
        },
        f"{PATH}/{{endpoint_id}}/test": {
            "parameters": endpoint_id,
            "post": asked(
                "test_endpoint", answer("What it answered.", ref("WebhookTest")), "TestWebhook"
            ),
        },
        f"{PATH}/{{endpoint_id}}/rotate_secret": {
            "parameters": endpoint_id,
            "post": asked(
                "rotate_endpoint_secret",
                answer("The endpoint, with its new secret.", ref("NewWebhookEndpoint")),
                "RotateWebhookSecret",
            ),
        },
        f"{PATH}/{{endpoint_id}}/deliveries": {
            "parameters": endpoint_id,
            "get": operation("list_deliveries", answer("The latest.", ref("WebhookDeliveryList"))),
        },
    }


def asked(name: str, found: Schema, schema: str) -> Schema:
    body = {"required": True, "content": {"application/json": {"schema": ref(schema)}}}
    return operation(name, found) | {"requestBody": body}


def schemas() -> dict[str, Schema]:
    endpoint: Schema = {
        "id": ENDPOINT_ID,
        "object": {"const": "webhook_endpoint"},
        "name": TEXT,
        "url": TEXT,
        "event_types": array(EVENT_TYPE),
        "created_at": SECOND,
        "updated_at": SECOND,
    }
    asked_for: Schema = {
        "name": {**TEXT, "minLength": 1, "maxLength": NAME_MAX_CHARS},
        "url": {**TEXT, "pattern": "^https://", "maxLength": URL_MAX_CHARS},
        "event_types": {**array(EVENT_TYPE), "minItems": 1},
    }
    return {
        "AddWebhookEndpoint": whole_object(asked_for, ["url", "event_types"]),
        "ChangeWebhookEndpoint": {**whole_object(asked_for, []), "minProperties": 1},
        "WebhookEndpoint": whole_object(endpoint),
        "NewWebhookEndpoint": whole_object(
            {**endpoint, "signing_secret": {**TEXT, "pattern": "^whsec_"}}
        ),
        "WebhookEndpointList": listed("WebhookEndpoint", nullable(ENDPOINT_ID)),
        "DeletedWebhookEndpoint": whole_object(
            {
                "id": ENDPOINT_ID,
                "object": {"const": "webhook_endpoint.deleted"},
                "deleted": {"const": True},
            }
        ),
        "TestWebhook": whole_object({"event_type": EVENT_TYPE}),
        "RotateWebhookSecret": whole_object({OVERLAP: {"type": "boolean"}}, []),
        "WebhookDelivery": whole_object(
            {
                "id": DELIVERY_ID,
                "object": {"const": "webhook_delivery"},
                "event_type": EVENT_TYPE,
                "video_id": TEXT,
                "state": {"enum": ["waiting", "delivered", "failed"]},
                "attempts": {"type": "integer", "minimum": 0},
                "status_code": nullable({"type": "integer"}),
                "created_at": SECOND,
                "ended_at": nullable(SECOND),
                "next_at": nullable(SECOND),
            }
        ),
        "WebhookDeliveryList": listed("WebhookDelivery", nullable(DELIVERY_ID)),
        "WebhookTest": whole_object(
            {
                "object": {"const": "webhook_endpoint.test"},
                "webhook_endpoint_id": ENDPOINT_ID,
                "event_type": EVENT_TYPE,
                "status_code": {"type": "integer", "minimum": 100, "maximum": 599},
                "success": {"const": True},
            }
        ),
    }
