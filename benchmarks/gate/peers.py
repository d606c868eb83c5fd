"""The peers' own Python environment, beside the working tree and outside of git."""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / ".peers" / "gate"
PACKAGES = (
    "litellm[proxy]==1.106.2",
    "slowapi==0.1.10",
    "limits==5.8.0",
    "fastapi==0.165.0",
    "uvicorn==0.54.0",
    "httptools==0.9.0",
    "uvloop==0.23.0",
    "redis==8.1.0",
)


def make_peers() -> Path:
    """The environment's Python, made where it is missing or names other versions."""
    python, wanted = FOLDER / "bin/python", "\n".join(PACKAGES)
    made = FOLDER / "made-of.txt"
    if not made.exists() or made.read_text() != wanted:
        began = time.monotonic()
        print("Making the peers' environment …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *PACKAGES], check=True)
        made.write_text(wanted)
        print(f"… made in {time.monotonic() - began:.0f} s")
    print("peers:", ", ".join(PACKAGES))
    return python
