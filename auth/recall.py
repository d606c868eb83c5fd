"""Who a credential was found to be, remembered for as long as nothing at all was written since.

A look-up costs a hundred times what the rest of the gate does. The database says far sooner whether
anybody committed (commits.py), so that no answer is older than the last commit before its request:
a revocation that has returned is never missed. No admission is decided from here.
"""

import hashlib
import secrets

from auth.commits import commits_of
from auth.gate import Principal
from database import Database

REMEMBERED_MAX = 10_000


class Recall:
    """The credentials of the requests since the last commit. Keeps no token and no cookie.

    Lives on one event loop.
    """

    def __init__(self, database: Database) -> None:
        self.commits = commits_of(database)
        self.key = secrets.token_bytes(32)
        self.word: object | None = None
        self.known: dict[bytes, Principal] = {}

    async def find(
        self, text: str, now_ms: int, since_ns: int | None = None
    ) -> tuple[Principal | None, object | None]:
        """Whose credential this is, if that is known; and the word to `keep` a look-up under.

        since_ns  when its request had come, by `time.monotonic_ns`; None: just now
        The word is asked for first: what is committed while somebody looks up makes the answer
        void.
        """
        word = await self.commits.word(since_ns)
        if word is None or word != self.word:
            self.known.clear()
            self.word = word
            return None, word
        principal = self.known.get(self.digest(text))
        if principal is None or now_ms >= principal.until_ms:
            return None, word
        return principal, word

    def keep(self, text: str, principal: Principal, word: object | None) -> None:
        """Remember a look-up that began after `word` was said, unless something was written."""
        if word is None or word != self.word or principal.until_ms == 0:
            return
        if len(self.known) >= REMEMBERED_MAX:
            self.known.clear()
        self.known[self.digest(text)] = principal

    def digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self.key, digest_size=16).digest()

    def close(self) -> None:
        self.commits.close()
