"""LiteLLM's `custom_auth`: the same check as the other peers make."""

import hmac
import os

from fastapi import HTTPException, Request
from litellm.proxy._types import UserAPIKeyAuth

KEY = b"a key of the benchmark"
KNOWN = {hmac.digest(KEY, os.environ["BENCHMARK_TOKEN"].encode(), "sha256"): "ada"}


async def check(request: Request, api_key: str) -> UserAPIKeyAuth:
    tester = KNOWN.get(hmac.digest(KEY, api_key.encode(), "sha256"))
    if tester is None:
        raise HTTPException(401)
    return UserAPIKeyAuth(api_key=api_key, user_id=tester)
