"""One process that has everything imported, and forks web and worker processes when told to.

Importing takes seconds of work each time; forked, a process is there at once, and just as real when
it is killed. Reads lines of JSON, {"kind", "environ", "log"}, and answers each with a process id.
"""

import json
import os
import signal
import sys
import traceback
from typing import Any

import app
from tests.crashes import pretending

ACTS = {"web": app.main, "worker": pretending.main}


def fork(kind: str, environ: dict[str, str], log: str) -> int:
    process_id = os.fork()
    if process_id:
        return process_id
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(environ)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.argv = [kind]
    code: Any = 1
    try:
        code = ACTS[kind]()
    except BaseException:  # noqa: BLE001 (told, and then it is over anyway)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code or 0)
    return 0


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's to wait for
    print("ready", flush=True)
    for line in sys.stdin:
        print(fork(**json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
