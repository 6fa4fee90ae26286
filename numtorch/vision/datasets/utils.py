"""Downloading, checking and unpacking the files of data sets."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import pathlib
import pickle
import shutil
import tarfile
import urllib.error
import zipfile
from collections.abc import Iterable

import numpy as np

from ...hub import download_url_to_file


def calculate_md5(fpath: str | os.PathLike, chunk_size: int = 1 << 20) -> str:
    """The MD5 of a file: it tells damaged files apart, it is no protection."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as f:
        while chunk := f.read(chunk_size):
            md5.update(chunk)
    return md5.hexdigest()


def check_md5(fpath: str | os.PathLike, md5: str, **kwargs) -> bool:
    """True if the file has this MD5."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: str | os.PathLike, md5: str | None = None) -> bool:
    """True if the file is there and has this MD5 (if one is given)."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(
    url: str, root: str | os.PathLike, filename: str | None = None, md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:  # fmt: skip
    """Downloads a file to a folder, unless it is there; RuntimeError if its MD5 is another."""
    root = os.path.expanduser(root)
    path = os.path.join(root, filename or os.path.basename(url))
    if check_integrity(path, md5):
        return
    os.makedirs(root, exist_ok=True)
    try:
        download_url_to_file(url, path)
    except (urllib.error.URLError, OSError):
        if not url.startswith("https:"):
            raise
        download_url_to_file(url.replace("https:", "http:", 1), path)
    if not check_integrity(path, md5):
        raise RuntimeError("File not found or corrupted.")


def list_dir(root: str | os.PathLike, prefix: bool = False) -> list[str]:
    """The folders in a folder."""
    root = os.path.expanduser(root)
    found = [p for p in os.listdir(root) if os.path.isdir(os.path.join(root, p))]
    return [os.path.join(root, d) for d in found] if prefix else found


def list_files(root: str | os.PathLike, suffix: str, prefix: bool = False) -> list[str]:
    """The files in a folder whose names end so."""
    root = os.path.expanduser(root)
    found = [
        p for p in os.listdir(root)
        if os.path.isfile(os.path.join(root, p)) and p.endswith(suffix)
    ]  # fmt: skip
    return [os.path.join(root, d) for d in found] if prefix else found


# ---------------------------------------------------------------- archives

_OPENERS = {".bz2": bz2.open, ".gz": gzip.open, ".xz": lzma.open}
_ALIASES = {".tbz": (".tar", ".bz2"), ".tbz2": (".tar", ".bz2"), ".tgz": (".tar", ".gz")}


def _file_type(file: str | os.PathLike) -> tuple[str, str | None, str | None]:
    """(suffix, archive, compression) by a file's name."""
    suffixes = pathlib.Path(file).suffixes
    if not suffixes:
        raise RuntimeError(
            f"File '{file}' has no suffixes that could be used to detect the archive type and "
            "compression."
        )
    last = suffixes[-1]
    if last in _ALIASES:
        return (last, *_ALIASES[last])
    if last in (".tar", ".zip"):
        return last, last, None
    if last in _OPENERS:
        if suffixes[-2:-1] and suffixes[-2] in (".tar", ".zip"):
            return suffixes[-2] + last, suffixes[-2], last
        return last, None, last
    known = sorted({*_ALIASES, *_OPENERS, ".tar", ".zip"})
    raise RuntimeError(
        f"Unknown compression or archive type: '{last}'.\nKnown suffixes are: '{known}'."
    )


def _inside(folder: str, name: str) -> str:
    """The path of a member; RuntimeError if it lies outside of the folder."""
    base = os.path.realpath(folder)
    path = os.path.realpath(os.path.join(base, name))
    if path != base and not path.startswith(base + os.sep):
        raise RuntimeError(f"the archive's member {name!r} would be written outside of {folder!r}")
    return path


def _extract_tar(source: str, folder: str, compression: str | None) -> None:
    with tarfile.open(source, f"r:{compression[1:]}" if compression else "r:") as tar:
        members = tar.getmembers()
        for m in members:
            _inside(folder, m.name)
            if not (m.isfile() or m.isdir()):
                raise RuntimeError(
                    f"the archive's member {m.name!r} is a link or a device: not extracted"
                )
        for m in members:
            path = _inside(folder, m.name)
            if m.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with tar.extractfile(m) as content, open(path, "wb") as out:
                shutil.copyfileobj(content, out)


def _extract_zip(source: str, folder: str, compression: str | None) -> None:
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            _inside(folder, name)
        archive.extractall(folder)


def extract_archive(
    from_path: str | os.PathLike, to_path: str | os.PathLike | None = None,
    remove_finished: bool = False,
) -> str:  # fmt: skip
    """Unpacks a tar, zip or compressed file; nothing is written outside of the folder."""
    source = os.fspath(from_path)
    folder = os.path.dirname(source) if to_path is None else os.fspath(to_path)
    suffix, archive, compression = _file_type(source)
    os.makedirs(folder or ".", exist_ok=True)
    if archive is None:
        folder = os.path.join(folder, os.path.basename(source)[: -len(suffix)])
        with _OPENERS[compression](source, "rb") as content, open(folder, "wb") as out:
            shutil.copyfileobj(content, out)
    else:
        (_extract_tar if archive == ".tar" else _extract_zip)(source, folder, compression)
    if remove_finished:
        os.remove(source)
    return folder


def download_and_extract_archive(
    url: str, download_root: str | os.PathLike, extract_root: str | os.PathLike | None = None,
    filename: str | None = None, md5: str | None = None, remove_finished: bool = False,
) -> None:  # fmt: skip
    """`download_url`, then `extract_archive`."""
    root = os.path.expanduser(download_root)
    filename = filename or os.path.basename(url)
    download_url(url, root, filename, md5)
    extract_archive(os.path.join(root, filename), extract_root or root, remove_finished)


# ---------------------------------------------------------------- arguments and pickles


def iterable_to_str(iterable: Iterable) -> str:
    """The items in quotes, separated by commas."""
    return ", ".join(f"'{item}'" for item in iterable)


def verify_str_arg(
    value, arg: str | None = None, valid_values: Iterable | None = None,
    custom_msg: str | None = None,
) -> str:  # fmt: skip
    """The value; ValueError if it is no string or none of the valid ones."""
    if not isinstance(value, str):
        what = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{what}, but got type {type(value)}.")
    if valid_values is not None and value not in valid_values:
        raise ValueError(
            custom_msg or f"Unknown value '{value}' for argument {arg}. Valid values are "
            f"{{{iterable_to_str(valid_values)}}}."
        )
    return value


def _reconstruct(kind, shape, code) -> np.ndarray:
    return np.ndarray.__new__(np.ndarray, (0,), "b")


class _SafeUnpickler(pickle.Unpickler):
    """Reads Python's plain types and NumPy arrays of numbers; no pickle makes it call others."""

    _allowed = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
    }  # fmt: skip

    def find_class(self, module: str, name: str):
        """What a pickle may name."""
        try:
            return self._allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the file refers to {module}.{name}: only arrays and plain values are read"
            ) from None


def load_plain_pickle(path: str | os.PathLike, encoding: str = "latin1") -> object:
    """The content of a pickle file of plain values and arrays; RuntimeError for any other."""
    with open(path, "rb") as f:
        data = f.read()
    try:
        return _SafeUnpickler(io.BytesIO(data), encoding=encoding).load()
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise RuntimeError(f"{os.fspath(path)} can't be read: {error}") from error
