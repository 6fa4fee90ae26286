"""Models and weights by URL: torch.hub's download functions, and `load` of local folders."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from urllib.parse import urlparse  # noqa: F401

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url",
           "set_dir"]  # fmt: skip

_dir: str | None = None
HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")


def get_dir() -> str:
    """The folder of downloads: $TORCH_HOME/hub, or ~/.cache/torch/hub.

    >>> import numtorch as torch
    >>> import os
    >>> os.path.basename(torch.hub.get_dir())
    'hub'
    """
    if _dir is not None:
        return _dir
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike) -> None:
    """Chooses the folder of downloads.

    >>> import numtorch as torch
    >>> before = torch.hub.get_dir()
    >>> torch.hub.set_dir("/tmp/hub"); torch.hub.get_dir()
    '/tmp/hub'
    >>> torch.hub.set_dir(before)
    """
    global _dir
    _dir = os.path.expanduser(d)


def download_url_to_file(
    url: str, dst: str, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Downloads a file; it gets its name only when it is whole.

    RuntimeError if its SHA-256 does not begin with `hash_prefix`.

    >>> import numtorch as torch
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> size = (folder / "here").write_text("content")
    >>> url = (folder / "here").as_uri()
    >>> torch.hub.download_url_to_file(url, str(folder / "there"), progress=False)
    >>> (folder / "there").read_text()
    'content'
    """
    dst = os.path.expanduser(dst)
    os.makedirs(os.path.dirname(os.path.abspath(dst)), exist_ok=True)
    request = urllib.request.Request(url, headers={"User-Agent": "numtorch.hub"})
    digest = hashlib.sha256()
    handle, part = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(dst)), suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as out, urllib.request.urlopen(request) as answer:
            total = int(answer.headers.get("Content-Length") or 0) or None
            with _bar(total, progress) as bar:
                while block := answer.read(1 << 17):
                    out.write(block)
                    digest.update(block)
                    bar.update(len(block))
        found = digest.hexdigest()
        if hash_prefix is not None and found[: len(hash_prefix)] != hash_prefix:
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{found}")')
        os.replace(part, dst)
    finally:
        if os.path.exists(part):
            os.remove(part)


class _Silent:
    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        return None

    def update(self, n: int) -> None:
        """No bar."""


def _bar(total: int | None, progress: bool):
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return _Silent()
    return tqdm(total=total, disable=not progress, unit="B", unit_scale=True)


def load_state_dict_from_url(
    url: str, model_dir: str | None = None, map_location=None, progress: bool = True,
    check_hash: bool = False, file_name: str | None = None, weights_only: bool = False,
) -> dict:  # fmt: skip
    """The object saved at a URL, downloaded once into `model_dir` (`get_dir()`/checkpoints).

    >>> import numtorch as torch
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> torch.save({"bias": torch.tensor([1, 2])}, folder / "model.pt")
    >>> url = (folder / "model.pt").as_uri()
    >>> torch.hub.load_state_dict_from_url(url, str(folder / "cache"), progress=False)
    Downloading: "file:///...model.pt" to ...model.pt
    {'bias': tensor([1, 2])}
    """
    from .serialization import load as load_file

    model_dir = model_dir or os.path.join(get_dir(), "checkpoints")
    os.makedirs(model_dir, exist_ok=True)
    name = file_name or os.path.basename(urllib.parse.urlparse(url).path)
    path = os.path.join(model_dir, name)
    if not os.path.exists(path):
        sys.stdout.write(f'Downloading: "{url}" to {path}\n')
        found = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, path, found[1] if found else None, progress)
    return load_file(path, map_location=map_location, weights_only=weights_only)


# ---------------------------------------------------------------- hubconf.py


def _folder(repo_or_dir: str, source: str, force_reload: bool) -> str:
    if source == "local":
        return repo_or_dir
    if source != "github":
        raise ValueError(
            f'Unknown source: "{source}". Allowed values: "github" | "local".'
        )
    repo, _, ref = repo_or_dir.partition(":")
    owner, _, name = repo.partition("/")
    ref = ref or "main"
    folder = os.path.join(get_dir(), "_".join([owner, name, ref.replace("/", "_")]))
    if os.path.exists(folder) and not force_reload:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    archive = folder + ".zip"
    download_url_to_file(f"https://github.com/{owner}/{name}/zipball/{ref}", archive, None, False)
    with zipfile.ZipFile(archive) as z, tempfile.TemporaryDirectory(dir=get_dir()) as new:
        z.extractall(new)
        os.rename(os.path.join(new, os.listdir(new)[0]), folder)
    os.remove(archive)
    return folder


def _hubconf(repo_or_dir: str, source: str, force_reload: bool):
    folder = _folder(repo_or_dir, source, force_reload)
    path = os.path.join(folder, "hubconf.py")
    if not os.path.exists(path):
        raise FileNotFoundError(f"no hubconf.py in {folder}")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location("hubconf", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    missing = [d for d in getattr(module, "dependencies", ())
               if importlib.util.find_spec(d) is None]  # fmt: skip
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _entry(module, name: str):
    found = getattr(module, name, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {name} in hubconf")
    return found


def load(
    repo_or_dir: str, model: str, *args, source: str = "github", trust_repo=None,
    force_reload: bool = False, verbose: bool = True, skip_validation: bool = False, **kwargs,
) -> object:  # fmt: skip
    r"""What the function `model` of a repository's hubconf.py makes; it runs that code.

    >>> import numtorch as torch
    >>> import pathlib, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> size = pathlib.Path(folder, "hubconf.py").write_text("def double(x):\n    return 2 * x\n")
    >>> torch.hub.load(folder, "double", 21, source="local")
    42
    """
    return _entry(_hubconf(repo_or_dir, source, force_reload), model)(*args, **kwargs)


def help(
    repo_or_dir: str, model: str, force_reload: bool = False, *, source: str = "github", **_
) -> str | None:
    r"""The docstring of a function of hubconf.py.

    `source`: 'local' for a folder, which torch.hub.help does not take.

    >>> import numtorch as torch
    >>> import pathlib, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> size = pathlib.Path(folder, "hubconf.py").write_text("def double(x):\n    'Twice x.'\n")
    >>> torch.hub.help(folder, "double", source="local")
    'Twice x.'
    """
    return _entry(_hubconf(repo_or_dir, source, force_reload), model).__doc__


def list(
    repo_or_dir: str, force_reload: bool = False, *, source: str = "github", **_
) -> list[str]:
    r"""The public functions of hubconf.py.

    `source`: 'local' for a folder, which torch.hub.list does not take.

    >>> import numtorch as torch
    >>> import pathlib, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> size = pathlib.Path(folder, "hubconf.py").write_text("def double(x):\n    return 2 * x\n")
    >>> torch.hub.list(folder, source="local")
    ['double']
    """
    module = _hubconf(repo_or_dir, source, force_reload)
    return [n for n in dir(module) if callable(getattr(module, n)) and n[0] != "_"]
