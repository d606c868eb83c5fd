"""The house keeps its shape: imports run one way, and only one place reads the environment."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("sora_core", "auth", "jobs", "observe", "programme", "studio")
OURS = {*PACKAGES, "app", "settings", "database", "postgres", "errors", "migrations"}

# package → what it may import of ours. `jobs/__main__.py`, `app.py` and commands that read the
# settings put the parts together and so may import any.
ARROWS = {
    "sora_core": {"sora_core", "errors"},
    "observe": {"observe", "errors", "settings", "database"},
    "auth": {"auth", "observe", "errors", "settings", "database"},
    "jobs": {"jobs", "observe", "sora_core", "errors", "settings", "database"},
    "programme": {"programme", "jobs", "auth", "errors", "settings", "database"},
    "studio": {
        "studio",
        "programme",
        "jobs",
        "auth",
        "observe",
        "sora_core",
        "errors",
        "settings",
        "database",
    },
}
COMPOSITION_ROOTS = {
    "jobs/__main__.py",
    "sora_core/credentials/__main__.py",
    "sora_core/mark/__main__.py",
    "app.py",
}
# Heavy or foreign libraries and the one package that may know them.
ONLY_IN = {
    "torch": {"sora_core"},
    "diffusers": {"sora_core"},
    "gradio": {"studio", "app.py"},
    "fastapi": {"studio", "app.py"},
    "starlette": {"studio", "app.py"},
    "dbos": {"jobs"},
    "webauthn": {"auth"},
    "c2pa": {"sora_core"},
    "scipy": {"sora_core"},
    "prometheus_client": {"observe"},
    "reportlab": {"programme"},
    "opentelemetry": {"observe"},
}


def sources() -> list[Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted([*files, *ROOT.glob("*.py")])


def imported_names(path: Path) -> set[str]:
    """The top-level names `path` imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way_from_each_package(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): sorted(bad)
        for path in (ROOT / package).rglob("*.py")
        if str(path.relative_to(ROOT)) not in COMPOSITION_ROOTS
        and (bad := (imported_names(path) & OURS) - ARROWS[package])
    }
    assert wrong == {}


@pytest.mark.parametrize("library", ONLY_IN)
def test_library_is_imported_only_where_it_belongs(library: str) -> None:
    users = {str(path.relative_to(ROOT)) for path in sources() if library in imported_names(path)}
    assert {user for user in users if user.split("/")[0] not in ONLY_IN[library]} == set()


def test_web_process_never_imports_torch() -> None:
    """Not even to tell which words a model knows."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, app\n"
            "from sora_core.catalog import MODELS\n"
            "told = [model.known_words and model.known_words() for model in MODELS.values()]\n"
            "print(any(told), sorted({'torch', 'diffusers'} & set(sys.modules)))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True []\n"


def test_environment_is_read_by_settings_alone() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in sources()
        if "os.environ" in path.read_text() or "os.getenv" in path.read_text()
    }
    # Commands set what libraries read at import, before importing them.
    commands = {"app.py", "jobs/__main__.py", "jobs/supervisor.py", "sora_core/__main__.py"}
    assert readers <= {"settings.py", *commands}


def test_every_module_is_one_noun_of_readable_length() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()
    }
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
