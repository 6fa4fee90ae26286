"""setup.cfg agrees with the tree."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import numtorch

ROOT = Path(__file__).parents[1]


def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_package_is_listed():
    listed = config()["options"]["packages"].split()
    found = []
    for folder, name in (("numtorch", "numtorch"), ("jit", "numtorch.jit")):
        for init in (ROOT / folder).rglob("__init__.py"):
            found.append(".".join([name, *init.parent.relative_to(ROOT / folder).parts]))
    assert sorted(listed) == sorted(found)


def test_every_folder_with_code_is_a_package():
    for folder in ("numtorch", "jit"):
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_requirements():
    options = config()["options"]
    assert options["install_requires"].split() == ["numpy", "numba", "llvmlite"]
    assert options["python_requires"] == ">=3.10"
    assert config()["options.extras_require"]["examples"].split() == [
        "scikit-learn", "tqdm", "matplotlib", "pillow",
    ]  # fmt: skip


def test_version_is_a_literal():
    # So that building reads it without importing the package.
    source = (ROOT / "numtorch" / "__init__.py").read_text()
    assert re.search(r'^__version__ = "([\d.]+)"$', source, re.M)[1] == numtorch.__version__


def test_no_bytes_outside_ascii_in_the_sources():
    for folder in ("numtorch", "jit", "tests", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            path.read_bytes().decode("ascii")
