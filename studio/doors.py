"""The table of what exists, and for whom. What is not in it does not exist.

Gradio brings some sixty routes of its own; of those the page needs six, and only they are here.
When the Gradio pin moves, read its routes again (docs/studio.md says how).
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from auth import scopes
from auth.gate import Principal
from errors import NotFound
from sora_core.mark.film import MAX_BYTES as TRACED_MAX_BYTES
from sora_core.pictures import UPLOAD_MAX_BYTES
from sora_core.sources import MAX_BYTES as SOURCE_MAX_BYTES

BODY_MAX_BYTES = 64 * 1024
# A picture within the fields of a form or of JSON, where it is base64 (RFC 4648: 4 for 3).
PICTURE_MAX_BYTES = UPLOAD_MAX_BYTES * 4 // 3 + BODY_MAX_BYTES
# A film within the fields of a form.
FILM_MAX_BYTES = SOURCE_MAX_BYTES + BODY_MAX_BYTES
CHECKED_MAX_BYTES = 64 * 2**20


class Who(Enum):
    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    REVIEWER = "reviewer"
    ADMIN = "admin"


# What opens backstage: the scope each kind of door needs.
STAFF = {Who.REVIEWER: scopes.REVIEW, Who.ADMIN: scopes.ADMIN}


@dataclass(frozen=True)
class Door:
    """One kind of request.

    methods     those it answers
    pattern     the whole of the raw path, which is plain ASCII in canonical form by then
    who         whom it opens for
    stream      whether the answer stays open, and so must end when the sign-in does
    proof       whether the device must sign the request: whatever acts. A browser cannot sign
                what a <video> or an event stream asks for, so looking takes the cookie alone
    foreign     whether what changes something may come from anywhere: no cookie counts there
    most_bytes  of a request's body
    unread      whether the page itself reads the body as it comes: it is too large to be held
    """

    methods: frozenset[str]
    pattern: re.Pattern[str]
    who: Who
    stream: bool = False
    proof: bool = False
    foreign: bool = False
    most_bytes: int = BODY_MAX_BYTES
    unread: bool = False

    def is_there_for(self, principal: Principal) -> bool:
        """Whether this person may know of it, whatever their credential was given."""
        if self.who is Who.REVIEWER:
            return principal.may_review
        return self.who is not Who.ADMIN or principal.is_admin

    def scope_of(self, method: str) -> str:
        """What a credential must have been given to use it so."""
        if self.who in STAFF:
            return STAFF[self.who]
        return scopes.READ if method in ("GET", "HEAD") else scopes.GENERATE


def door(
    methods: str,
    pattern: str,
    who: Who,
    *,
    stream: bool = False,
    proof: bool | None = None,
    foreign: bool = False,
    most_bytes: int = BODY_MAX_BYTES,
    unread: bool = False,
) -> Door:
    """`proof`: where it is not said, whatever is no reading needs one."""
    named = frozenset(methods.split())
    acts = who is not Who.ANYONE and not named <= {"GET", "HEAD"}
    proven = acts if proof is None else proof
    return Door(named, re.compile(pattern), who, stream, proven, foreign, most_bytes, unread)


JOB = r"/jobs/[0-9a-f]{32}"
VIDEO = r"/v1/videos/[0-9a-f]{32}"
ENDPOINT = r"/v1/webhook_endpoints/(we_[0-9a-f]{32})"
PICTURE = r"/pictures/(picture_[0-9a-f]{32})\.jpg"
GRADIO_QUEUE = "/gradio_api/queue"

DOORS = (
    door("GET HEAD", r"/(healthz|readyz)", Who.ANYONE),
    door("GET", r"/metrics", Who.ANYONE),  # whose page asks for a token of its own
    door("GET HEAD POST", r"/sign-in", Who.ANYONE),
    door("GET", r"/sign-in/provider(/callback)?", Who.ANYONE),
    door("GET HEAD POST", r"/sign-in/terms", Who.ANYONE),
    door(
        "GET HEAD",
        r"/static/([a-z][a-z0-9-]*/)*[A-Za-z][A-Za-z0-9-]*\.(css|js|svg|woff2)",
        Who.ANYONE,
    ),
    door("GET HEAD POST", r"/(invite|waitlist)", Who.ANYONE),
    door("POST", r"/invite/open", Who.ANYONE),
    door("GET HEAD", r"/terms", Who.ANYONE),
    door("POST", r"/v1/tokens/revoke", Who.ANYONE, foreign=True),
    door("GET HEAD", r"/policy(/versions)?", Who.ANYONE),
    # what artists show to others, and how the programme is run
    door("GET HEAD", r"/transparency", Who.ANYONE),
    door("GET HEAD", r"/gallery(/feed\.xml)?", Who.ANYONE),
    door("GET HEAD", r"/gallery/[0-9a-f]{32}(\.(mp4|jpg)|/credentials)?", Who.ANYONE),
    door("GET HEAD", r"/shared/[0-9a-f]{32}(\.(mp4|jpg)|/credentials)?", Who.ANYONE),
    door("GET HEAD", r"/credentials", Who.ANYONE),
    door(
        "POST",
        r"/credentials",
        Who.ANYONE,
        foreign=True,
        most_bytes=CHECKED_MAX_BYTES,
        unread=True,
    ),
    door("POST", r"/v1/tokens/rotate", Who.SIGNED_IN),
    # the studio
    door("GET", r"/", Who.SIGNED_IN),
    door("GET", r"/(me|offer)", Who.SIGNED_IN),
    door("POST", r"/me/provider", Who.SIGNED_IN),
    door("POST", r"/sign-out", Who.SIGNED_IN, proof=False),  # also without its key one can leave
    door("GET", r"/devices(/list)?", Who.SIGNED_IN),
    door("POST", r"/devices/([0-9a-f]{32}/remove|link)", Who.SIGNED_IN),
    door("GET", r"/sessions", Who.SIGNED_IN),
    door("POST", r"/sessions/([0-9a-f]{32}/)?end", Who.SIGNED_IN),
    door("GET", r"/passkeys", Who.SIGNED_IN),
    door("POST", r"/passkeys(/challenge|/[0-9a-f]{32}/(name|remove))?", Who.SIGNED_IN),
    door("POST", r"/touches(/challenge)?", Who.SIGNED_IN),
    door("GET", r"/jobs", Who.SIGNED_IN),
    door("POST", r"/jobs", Who.SIGNED_IN),
    door("GET", JOB, Who.SIGNED_IN),
    door("POST", rf"{JOB}/cancel", Who.SIGNED_IN),
    door("GET", rf"{JOB}/events", Who.SIGNED_IN, stream=True),
    door("GET", r"/notice", Who.SIGNED_IN, stream=True),
    door("GET HEAD", r"/clips/[0-9a-f]{32}\.(mp4|jpg)", Who.SIGNED_IN),
    door("GET", r"/clips/[0-9a-f]{32}/credentials", Who.SIGNED_IN),
    door("GET", r"/calls(/list)?", Who.SIGNED_IN),
    door("POST", r"/calls/[0-9a-f]{32}/(enter|[0-9a-f]{32}/withdraw)", Who.SIGNED_IN),
    door("GET", r"/transparency/inside", Who.SIGNED_IN),
    door("GET", r"/refusals", Who.SIGNED_IN),
    door("POST", r"/refusals/[0-9a-f]{32}/appeal", Who.SIGNED_IN),
    door("GET", r"/showing(/list)?", Who.SIGNED_IN),
    door("POST", r"/showing/links/[0-9a-f]{32}/end", Who.SIGNED_IN),
    door(
        "POST",
        r"/showing/[0-9a-f]{32}/(submit|withdraw|appeal|links|publish|unpublish)",
        Who.SIGNED_IN,
    ),
    door("POST", r"/pictures", Who.SIGNED_IN, most_bytes=UPLOAD_MAX_BYTES),
    door("GET HEAD", PICTURE, Who.SIGNED_IN),
    # what testers are asked, told and owed
    door("GET", r"/policy/mine", Who.SIGNED_IN),
    door("POST", r"/policy/accept", Who.SIGNED_IN),
    door("GET", r"/data(/list)?", Who.SIGNED_IN),
    door("POST", r"/data/(consent|archive|erase)", Who.SIGNED_IN),
    door("GET", r"/feedback(/list)?", Who.SIGNED_IN),
    door("POST", r"/feedback", Who.SIGNED_IN),
    door("GET", r"/ledger(/list|/statement\.(csv|pdf))?", Who.SIGNED_IN),
    door("POST", r"/ledger/(hours|[0-9a-f]{32}/dispute)", Who.SIGNED_IN),
    # for scripts, in the shape that clients of a hosted video API speak already
    door("GET", r"/v1/models(/[a-z0-9-]{1,40})?", Who.SIGNED_IN),
    door("GET", r"/v1/videos", Who.SIGNED_IN),
    door("POST", r"/v1/videos", Who.SIGNED_IN, most_bytes=PICTURE_MAX_BYTES),
    door(
        "POST",
        r"/v1/videos/(edits|extensions)",
        Who.SIGNED_IN,
        most_bytes=FILM_MAX_BYTES,
        unread=True,
    ),
    door("POST", r"/v1/videos/characters", Who.SIGNED_IN, most_bytes=FILM_MAX_BYTES, unread=True),
    door("GET", r"/v1/videos/characters/[A-Za-z0-9_-]{1,64}", Who.SIGNED_IN),
    door("GET", VIDEO, Who.SIGNED_IN),
    door("DELETE", VIDEO, Who.SIGNED_IN),
    door("GET HEAD", rf"{VIDEO}/content", Who.SIGNED_IN),
    door("POST", rf"{VIDEO}/remix", Who.SIGNED_IN),
    door("GET", r"/v1/webhook_endpoints", Who.SIGNED_IN),
    door("POST", r"/v1/webhook_endpoints", Who.SIGNED_IN),
    door("GET", ENDPOINT, Who.SIGNED_IN),
    door("POST DELETE", ENDPOINT, Who.SIGNED_IN),
    door("POST", rf"{ENDPOINT}/(test|rotate_secret)", Who.SIGNED_IN),
    door("GET", rf"{ENDPOINT}/deliveries", Who.SIGNED_IN),
    door("GET", r"/webhooks", Who.SIGNED_IN),
    # what Gradio's own page asks for
    door("GET", r"/assets/[A-Za-z0-9_-]+\.(js|css)", Who.SIGNED_IN),
    door("GET", r"/theme\.css", Who.SIGNED_IN),
    door("POST", rf"{GRADIO_QUEUE}/join", Who.SIGNED_IN),
    door("GET", rf"{GRADIO_QUEUE}/data", Who.SIGNED_IN, stream=True),
    # backstage
    door("GET", r"/backstage(/room)?", Who.ADMIN),
    door("GET", r"/backstage/audit(\.csv|\.jsonl|/entries|/verdict)?", Who.ADMIN),
    door("GET", r"/backstage/trace(/list)?", Who.ADMIN),
    door("POST", r"/backstage/trace", Who.ADMIN, most_bytes=TRACED_MAX_BYTES, unread=True),
    door("GET", r"/backstage/prompts(/list)?", Who.ADMIN),
    door("POST", r"/backstage/prompts", Who.ADMIN),
    door("GET", r"/backstage/policy", Who.ADMIN),
    door("POST", r"/backstage/policy", Who.ADMIN),
    door("GET", r"/backstage/feedback(/list)?", Who.ADMIN),
    door("POST", r"/backstage/feedback/[0-9a-f]{32}/decide", Who.ADMIN),
    door("GET", r"/backstage/ledger(/list)?", Who.ADMIN),
    door("GET", r"/backstage/ledger/[0-9a-f]{32}/(list|statement\.(csv|pdf))", Who.ADMIN),
    door("POST", r"/backstage/ledger/(pay|rates|[0-9a-f]{32}/settle)", Who.ADMIN),
    door("POST", r"/backstage/testers(/[0-9a-f]{32}/tokens)?", Who.ADMIN),
    door("POST", r"/backstage/testers/[0-9a-f]{32}/(step-up|passkeys/reset|reviewer)", Who.ADMIN),
    door("GET", r"/backstage/calls(/list)?", Who.ADMIN),
    door("GET HEAD", r"/backstage/calls/[0-9a-f]{32}\.(mp4|jpg)", Who.ADMIN),
    door(
        "POST",
        r"/backstage/calls(/[0-9a-f]{32}/(decide|[0-9a-f]{32}/shortlist))?",
        Who.ADMIN,
    ),
    door("GET", r"/backstage/incidents", Who.ADMIN),
    door("POST", r"/backstage/incidents(/[0-9a-f]{32}/withdraw)?", Who.ADMIN),
    door("GET", r"/backstage/refusals", Who.REVIEWER),
    door("GET HEAD", r"/backstage/refusals/[0-9a-f]{32}\.jpg", Who.REVIEWER),
    door("POST", r"/backstage/refusals/[0-9a-f]{32}/decide", Who.REVIEWER),
    door("GET", r"/backstage/reviews(/list)?", Who.REVIEWER),
    door("GET HEAD", r"/backstage/reviews/[0-9a-f]{32}\.(mp4|jpg)", Who.REVIEWER),
    door("POST", r"/backstage/reviews/decide", Who.REVIEWER),
    door("POST", r"/backstage/shown/(take-down|[0-9a-f]{32}/restore)", Who.ADMIN),
    door("POST", r"/backstage/switch", Who.ADMIN),
    door("POST", r"/backstage/tokens/[0-9A-Za-z]{12}/revoke", Who.ADMIN),
    door("POST", r"/backstage/testers/[0-9a-f]{32}/cohort", Who.ADMIN),
    door("POST", r"/backstage/(invites|cohorts)", Who.ADMIN),
    door("POST", r"/backstage/invites/[0-9A-Za-z]{12}/revoke", Who.ADMIN),
    door("POST", r"/backstage/waitlist/[0-9a-f]{32}/(invite|remove)", Who.ADMIN),
    door("POST", rf"/backstage{JOB}/cancel", Who.ADMIN),
)

# Where every other path leads, for somebody who is signed in.
NOWHERE = door("", r"(?!)", Who.SIGNED_IN)

# Segments of plain characters, one slash between them: nothing that two readers of a path could
# read differently. No `%`, no `//`, no `.` or `..`, no backslash, no slash at the end.
CANONICAL = re.compile(r"/|(/(?!\.{1,2}(/|$))[A-Za-z0-9._=-]+)+")


def canonical_path(path: str, raw_path: bytes) -> str:
    """The path, when its raw and decoded forms agree and nothing in it is odd.

    Raises NotFound: an odd spelling names nothing.
    """
    raw = raw_path.decode("latin-1")
    if raw != path or not CANONICAL.fullmatch(raw):
        raise NotFound
    return path


@lru_cache(maxsize=4096)  # the table is long, and most requests are for the same few paths
def find_door(method: str, path: str) -> Door | None:
    for row in DOORS:
        if method in row.methods and row.pattern.fullmatch(path):
            return row
    return None
