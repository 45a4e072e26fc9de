"""`pyproject.toml`, `requirements.lock` and `environment.yml` name the same things."""

import re
import tomllib

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mlbook import paths

ROOT = paths.root()
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?:\s*;\s*(.*?))?\s*\\?$")
_PYTHON_311 = {"python_version": "3.11", "python_full_version": "3.11.9"}


def direct_requirements(pyproject: str) -> dict[str, Requirement]:
    """The dependencies and those of the extras `book` and `test`, by canonical name."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["book"], *extras["test"]]
    return {canonicalize_name(it.name): it for it in map(Requirement, lines)}


def pins(lock: str) -> list[tuple[str, str, str | None, list[str]]]:
    """Every pin of a lock file: name, version, marker, hashes."""
    found = []
    for line in lock.splitlines():
        if match := _PIN.match(line):
            found.append((canonicalize_name(match[1]), match[2], match[3], []))
        elif line.strip().startswith("--hash="):
            found[-1][3].append(line.strip().rstrip("\\ "))
    return found


def lock_problems(lock: str, pyproject: str) -> list[str]:
    problems = []
    for number, line in enumerate(lock.splitlines(), 1):
        code = line.split("#")[0].strip()
        if "://" in line or (code.startswith("-") and not code.startswith("--hash=sha256:")):
            problems.append(f"line {number} is an address or an option: {line.strip()}")
        elif code and not code.startswith("--hash=") and not _PIN.match(line):
            problems.append(f"line {number} is no pin: {line.strip()}")
    found = pins(lock)
    problems += [f"{name} has no hash" for name, _, _, hashes in found if not hashes]
    for name, requirement in direct_requirements(pyproject).items():
        versions = [version for pinned, version, _, _ in found if pinned == name]
        if not versions:
            problems.append(f"{name} is not in the lock file")
        for version in versions:
            if version not in requirement.specifier:
                problems.append(f"{name}=={version} does not satisfy {requirement}")
    return problems


def environment_problems(environment: str, lock: str, pyproject: str) -> list[str]:
    dependencies = yaml.safe_load(environment)["dependencies"]
    (pip,) = [it["pip"] for it in dependencies if isinstance(it, dict)]
    plain = [it for it in dependencies if isinstance(it, str)]
    problems = []
    if set(plain) != {"python=3.11", "make", "pip"}:
        problems.append(f"conda itself should bring python=3.11, make and pip, not {plain}")
    if pip[-1:] != ["-e ."]:
        problems.append("the last line should install the project: -e .")
    stated = dict(line.split("==") for line in pip if "==" in line)
    wanted = {
        name: version
        for name, version, marker, _ in pins(lock)
        if name in direct_requirements(pyproject)
        and (marker is None or Marker(marker).evaluate(_PYTHON_311))
    }
    for name in sorted(stated.keys() | wanted.keys()):
        if stated.get(name) != wanted.get(name):
            problems.append(f"{name} should be {wanted.get(name)}, is {stated.get(name)}")
    return problems


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_lock_file_pins_all_and_names_no_host():
    assert lock_problems(read("requirements.lock"), read("pyproject.toml")) == []


def test_conda_users_get_the_same_versions():
    files = [read(it) for it in ("environment.yml", "requirements.lock", "pyproject.toml")]
    assert environment_problems(*files) == []


PYPROJECT = """
[project]
dependencies = ["NumPy>=2.1"]
optional-dependencies = {book = ["sphinx>=8"], test = []}
"""
LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
    # via mlbook (pyproject.toml)
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
sphinx==9.0.4 \\
    --hash=sha256:cc \\
    --hash=sha256:dd
"""
ENVIRONMENT = """
dependencies: [python=3.11, make, pip, {pip: [numpy==2.4.6, sphinx==9.0.4, -e .]}]
"""


def test_the_small_examples_have_no_problems():
    assert lock_problems(LOCK, PYPROJECT) == []
    assert environment_problems(ENVIRONMENT, LOCK, PYPROJECT) == []


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (LOCK.replace("    --hash=sha256:bb\n", ""), "numpy has no hash"),
        ("--index-url https://example.org/simple\n" + LOCK, "an address or an option"),
        ("-f wheels\n" + LOCK, "an address or an option"),
        (LOCK + "mlbook @ file:///tmp/x\n", "an address or an option"),
        (LOCK + "scipy>=1.0\n", "is no pin"),
        (LOCK.replace("2.5.5", "2.0.1"), "numpy==2.0.1 does not satisfy"),
        (LOCK[: LOCK.index("sphinx")], "sphinx is not in the lock file"),
        (LOCK.replace("sha256:dd", "md5:dd"), "an address or an option"),
    ],
)
def test_a_bad_lock_file_is_seen(lock, message):
    (problem,) = lock_problems(lock, PYPROJECT)
    assert message in problem


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (ENVIRONMENT.replace("2.4.6", "2.5.5"), "numpy should be 2.4.6, is 2.5.5"),
        (ENVIRONMENT.replace("sphinx==9.0.4, ", ""), "sphinx should be 9.0.4, is None"),
        (ENVIRONMENT.replace("-e .", "scipy==1.0, -e ."), "scipy should be None, is 1.0"),
        (ENVIRONMENT.replace(", -e .", ""), "should install the project"),
        (ENVIRONMENT.replace("python=3.11", "python=3.12"), "should bring python=3.11"),
    ],
)
def test_a_bad_environment_is_seen(environment, message):
    (problem,) = environment_problems(environment, LOCK, PYPROJECT)
    assert message in problem
