"""Gradio: a Blocks with one event that does nothing, no sign-in, its queue unlimited."""

import asyncio
import json
import sys
import textwrap
import time
from uuid import uuid4

from benchmarks.live.client import Told, ask, data_lines
from benchmarks.live.servers import cpu_s, free_port, resident_mb, serving

PATIENCE_S = 120.0
APP = """
    import gradio as gr
    with gr.Blocks() as demo:
        gr.Button().click(lambda: None, None, None)
    demo.queue(max_size=None, default_concurrency_limit=None)
    demo.launch(server_name="127.0.0.1", server_port={port}, quiet=True, max_threads=40)
"""


def watch_gradio(count: int) -> Told:
    port = free_port()
    code = textwrap.dedent(APP.format(port=port))
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    with serving([sys.executable, "-c", code], port, quiet) as pid:
        return asyncio.run(watch(port, count, pid))


async def watch(port: int, count: int, pid: int) -> Told:
    """Every stream asks at once for the event that does nothing, and waits for its end."""
    told = Told(count, memory_mb=[resident_mb(pid)])
    before_s = cpu_s(pid)

    async def one(session: str) -> None:
        body = json.dumps({"data": [], "fn_index": 0, "session_hash": session}).encode()
        kind = {"content-type": "application/json"}
        began = time.perf_counter()
        status, _, joined = await ask(port, "POST", "/gradio_api/queue/join", kind, body)
        joined.close()
        if status != 200:
            raise OSError(f"status {status}")
        path = f"/gradio_api/queue/data?session_hash={session}"
        _, reader, writer = await ask(port, "GET", path, {})
        async for event in data_lines(reader):
            if event.get("msg") == "process_completed":
                told.came_s.append(time.perf_counter() - began)
                writer.close()
                return
        raise OSError("the stream ended")

    async def counted(session: str) -> None:
        try:
            await asyncio.wait_for(one(session), PATIENCE_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            told.failed.append(type(error).__name__)

    await asyncio.gather(*(counted(uuid4().hex) for _ in range(count)))
    told.memory_mb.append(resident_mb(pid))
    told.cpu_s = cpu_s(pid) - before_s
    return told
