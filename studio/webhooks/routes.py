"""The addresses of webhooks, for the site to open; doors.py says for whom."""

from studio.videos.routes import Row
from studio.webhooks import changing, deliveries, desk

PATH = "/v1/webhook_endpoints"

ROUTES: tuple[Row, ...] = (
    (PATH, desk.add, "POST"),
    (PATH, desk.list_own, "GET"),
    (f"{PATH}/{{endpoint_id}}", desk.show, "GET"),
    (f"{PATH}/{{endpoint_id}}", changing.change, "POST"),
    (f"{PATH}/{{endpoint_id}}", desk.remove, "DELETE"),
    (f"{PATH}/{{endpoint_id}}/test", desk.send_test, "POST"),
    (f"{PATH}/{{endpoint_id}}/rotate_secret", desk.rotate_secret, "POST"),
    (f"{PATH}/{{endpoint_id}}/deliveries", deliveries.list_latest, "GET"),
    ("/webhooks", desk.show_page, "GET"),
)
