"""A copy of the repository in which every mutant of auth/ lies beside the code it was made of.

[mutmut](https://mutmut.readthedocs.io) makes them; which one runs is chosen at each call.
"""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

# Its tables ask a column's default how many arguments it takes, which a mutant's wrapping hides.
LEFT_OUT = ("auth/records.py",)


def plant(root: Path, tree: Path) -> dict[str, list[str]]:
    """Copy what git knows or does not ignore, auth/ with its mutants; their names by file of auth/.

    What is there already stays as it is, with what Python compiled of it. The tree's modules must
    not be imported before: it is the one that counts from here on.
    """
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=root, capture_output=True, check=True, text=True).stdout
    wanted = [file for file in files.split("\0") if (root / file).is_file()]
    names = {}
    for file in wanted:
        if not file.startswith("auth/") or not file.endswith(".py") or file in LEFT_OUT:
            write(tree / file, (root / file).read_bytes())
            continue
        code, mutants = mutated(file, (root / file).read_text(), tree.parent / "grown")
        write(tree / file, code.encode())
        module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        names[file] = [f"{module}.{name}" for name in mutants]
    for gone in {str(path.relative_to(tree)) for path in tree.rglob("*.py")} - set(wanted):
        (tree / gone).unlink()
    return names


def write(copy: Path, content: bytes) -> None:
    if copy.exists() and copy.read_bytes() == content:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)


def mutated(file: str, source: str, grown: Path) -> tuple[str, list[str]]:
    """A module with all its mutants, and their names; kept, since growing takes seconds a file."""
    kept = grown / f"{digest(file.encode(), source.encode())}.json"
    if not kept.exists():
        grown.mkdir(parents=True, exist_ok=True)
        made = mutate_file_contents(file, source)
        kept.write_text(json.dumps([made.code, list(made.mutant_names)]))
    code, mutants = json.loads(kept.read_text())
    return code, mutants


def digest(*contents: bytes) -> str:
    every = hashlib.sha256()
    for content in contents:
        every.update(f"{len(content)} ".encode() + content)
    return every.hexdigest()[:16]


def digests(tree: Path, names: Mapping[str, list[str]]) -> dict[str, str]:
    """Of each module's code with its mutants: what a mutant's name means rests on it."""
    return {
        name.rpartition(".")[0]: digest((tree / file).read_bytes())
        for file, names_in_it in names.items()
        for name in names_in_it[:1]
    }
