"""Headers every answer carries."""

from settings import Settings
from studio import arrival

SELF = "'self'"


def content_policy(settings: Settings, script: str, style: str = SELF) -> str:
    """A Content-Security-Policy in which nothing comes from, or goes to, another host."""
    framed_by = "https://huggingface.co" if settings.in_space else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {script}",
            f"style-src {style}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'self'",
            f"frame-ancestors {framed_by}",
        )
    )


def cache_control(path: str) -> bytes:
    """Ours are asked for anew, Gradio's carry their hash in their name, the rest is private."""
    if path.startswith("/static/"):
        return b"no-cache"
    if path.startswith("/assets/"):
        return b"private, max-age=31536000, immutable"
    return b"private, no-store"


def common_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What is added where the answer does not say otherwise itself, as ASGI spells headers."""
    headers = [
        (
            "content-security-policy",
            content_policy(settings, f"{SELF} {arrival.source_expression()}"),
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ]
    if settings.public_url.startswith("https://"):
        headers.append(("strict-transport-security", "max-age=31536000"))
    return [(name.encode(), value.encode()) for name, value in headers]
