"""A refusal in the body that clients of `/v1` read: an object named `error` with its four members.

The facts of ours, such as `limit` or `retry_after_s`, stand beside them.
"""

from errors import BudgetExhausted, GreenroomError

PREFIX = "/v1/"
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def error_body(error: GreenroomError) -> dict[str, dict[str, object]]:
    return {
        "error": {
            **error.facts,
            "message": str(error),
            "type": kind(error),
            "param": error.facts.get("field"),
            "code": error.code,
        }
    }


def kind(error: GreenroomError) -> str:
    if isinstance(error, BudgetExhausted):
        return "insufficient_quota"
    if error.status >= 500:
        return "server_error"
    return TYPES.get(error.status, "invalid_request_error")
