"""A peer: FastAPI with slowapi, or plain. `slowapi_side.py PORT TOKEN STORAGE`."""

import hashlib
import hmac
import sys

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from slowapi import Limiter
from slowapi.middleware import SlowAPIASGIMiddleware

PORT, TOKEN, STORAGE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
KEY = b"a key of the benchmark"
KNOWN = {hmac.digest(KEY, TOKEN.encode(), "sha256"): "ada"}
MODELS = {"object": "list", "data": [{"id": "sprout", "object": "model", "owned_by": "greenroom"}]}


def who(request: Request) -> str:
    text = request.headers.get("authorization", "").removeprefix("Bearer ")
    tester = KNOWN.get(hmac.digest(KEY, text.encode(), hashlib.sha256))
    if tester is None:
        raise HTTPException(401)
    return tester


app = FastAPI()
if STORAGE:
    limits = ["10000000/minute", "1000000000/day"]
    app.state.limiter = Limiter(who, default_limits=limits, storage_uri=STORAGE)
    app.add_middleware(SlowAPIASGIMiddleware)


@app.get("/v1/models", dependencies=[Depends(who)] if STORAGE else [])
async def models(request: Request) -> dict[str, object]:
    return MODELS


uvicorn.run(app, port=PORT, log_level="error", http="httptools", loop="uvloop")
