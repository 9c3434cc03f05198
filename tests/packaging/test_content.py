"""The content folders are one package, in a checkout and in a wheel, and a wheel installs one module."""

import importlib
import json
import pathlib
import pkgutil
import subprocess
import sys
import zipfile

import pytest

import mirrorflow as mf

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = {"checks": "theory_checks", "figures": "figures", "demos": "demos"}


def modules_in(folder: pathlib.Path) -> set[str]:
    return {module.name for module in pkgutil.iter_modules([str(folder)])}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.parametrize(("package", "folder"), FOLDERS.items())
def test_in_a_checkout_the_content_is_what_the_folders_hold(package, folder):
    content = importlib.import_module(f"mirrorflow.content.{package}")
    assert {module.name for module in pkgutil.iter_modules(content.__path__)} == modules_in(ROOT / folder)


def test_a_wheel_installs_no_other_module(wheel):
    assert {path.name for path in wheel.iterdir()} == {"mirrorflow", f"mirrorflow-{mf.__version__}.dist-info"}
    assert (wheel / "mirrorflow" / "py.typed").is_file()


@pytest.mark.parametrize(("package", "folder"), FOLDERS.items())
def test_a_wheel_holds_every_file_of_the_folders(wheel, package, folder):
    here = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*.py")}
    there = {
        path.relative_to(wheel / "mirrorflow/content" / package)
        for path in wheel.glob(f"mirrorflow/content/{package}/**/*.py")
    }
    assert there == here | {pathlib.Path("__init__.py")}


def test_from_a_wheel_the_content_comes_from_the_wheel(wheel):
    program = (
        "import json, pkgutil\n"
        "from mirrorflow.content import checks, demos, figures\n"
        "print(json.dumps([[p for c in (checks, figures, demos) for p in c.__path__], "
        "[m.name for c in (checks, figures, demos) for m in pkgutil.iter_modules(c.__path__)]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=wheel,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(wheel)},
    )
    paths, names = json.loads(done.stdout)
    assert all(pathlib.Path(path).is_relative_to(wheel) for path in paths)
    assert set(names) == set().union(*(modules_in(ROOT / folder) for folder in FOLDERS.values()))
