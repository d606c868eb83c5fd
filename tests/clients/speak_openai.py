"""What people do with the stock `openai` package: `python speak_openai.py URL KEY HOOK < token`.

Prints what came of it as JSON. Runs under whichever `openai` is on the path.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import openai
from openai.types import Video

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from clients.greenroom_client import GreenroomAuth

warnings.simplefilter("ignore", DeprecationWarning)
SMALL: Any = {"size": "256x256", "seconds": "1"}


def http_client(signer: GreenroomAuth) -> Any:
    """The package moved from httpx to httpx2 with its version 3."""
    if openai.VERSION.startswith("2."):
        import httpx

        return httpx.Client(auth=signer)
    import httpx2

    return httpx2.Client(auth=signer)


def extend(client: Any, first: Video, film: bytes, **wish: Any) -> Video:
    """Versions of 2025 have no method for it; today's takes a film as a file, and no id."""
    if hasattr(client.videos, "extend"):
        return client.videos.extend(video=("first.mp4", film), **wish)  # type: ignore[no-any-return]
    body = {"video": {"id": first.id}, **wish}
    return client.post("/videos/extensions", body=body, cast_to=Video)  # type: ignore[no-any-return]


def speak(client: Any, hook: str) -> dict[str, Any]:
    endpoint = {"name": "mine", "url": hook, "event_types": ["video.completed"]}
    secret = client.post("/webhook_endpoints", body=endpoint, cast_to=object)["signing_secret"]
    videos, turbo = client.videos, {"turbo": True, "seed": 7}
    first = videos.create_and_poll(prompt="a red ball bouncing", extra_body=turbo, **SMALL)
    film = videos.download_content(first.id).content
    still = videos.download_content(first.id, variant="thumbnail").content
    sheet = videos.download_content(first.id, variant="spritesheet").content
    remix = videos.poll(videos.remix(first.id, prompt="a blue ball bouncing").id)
    longer = extend(client, first, film, prompt="it rolls on", seconds="1")
    longer = videos.poll(longer.id)
    listed = [video.id for video in videos.list(limit=2)]
    gone = [videos.delete(video.id).deleted for video in (longer, remix, first)]
    try:
        videos.retrieve(first.id)
        refusal = None
    except openai.NotFoundError as error:
        refusal = {"code": error.code, "type": error.type, "request_id": bool(error.request_id)}
    return {
        "version": openai.VERSION,
        "secret": secret,
        "ids": [video.id for video in (first, remix, longer)],
        "statuses": [video.status for video in (first, remix, longer)],
        "progress": [video.progress for video in (first, remix, longer)],
        "seconds": [video.seconds for video in (first, remix, longer)],
        "sizes": [video.size for video in (first, remix, longer)],
        "remix_is_of_first": remix.remixed_from_video_id == first.id,
        "kinds": [film[4:8].decode(), still[:3].hex(), sheet[:3].hex()],
        "listed": listed == [longer.id, remix.id, first.id],
        "deleted": gone,
        "refusal": refusal,
    }


if __name__ == "__main__":
    url, key_file, hook = sys.argv[1:]
    signer = GreenroomAuth(key_file)
    print(
        json.dumps(
            speak(
                openai.OpenAI(
                    base_url=f"{url}/v1",
                    api_key=sys.stdin.read().strip(),
                    http_client=http_client(signer),
                ),
                hook,
            )
        )
    )
