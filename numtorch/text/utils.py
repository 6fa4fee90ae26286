"""Downloads and archives."""

from __future__ import annotations

import os
import tarfile
import zipfile

__all__ = ["download_from_url", "extract_archive"]


def download_from_url(
    url: str, path: str | None = None, root: str = ".data", overwrite: bool = False,
    hash_value: str | None = None, hash_type: str = "sha256",
) -> str:  # fmt: skip
    """The path of a file, downloaded if it is not there."""
    from ..hub import download_url_to_file

    path = os.path.join(root, os.path.basename(url)) if path is None else os.path.abspath(path)
    if overwrite or not os.path.exists(path):
        if hash_value is not None and hash_type != "sha256":
            raise NotImplementedError("only sha256 sums are checked")
        download_url_to_file(url, path, hash_value)
    return path


def extract_archive(from_path: str, to_path: str | None = None, overwrite: bool = False) -> list:
    """The files of a tar or zip archive, unpacked beside it or in `to_path`."""
    to_path = os.path.dirname(from_path) if to_path is None else to_path
    if zipfile.is_zipfile(from_path):
        with zipfile.ZipFile(from_path) as z:
            names = [n for n in z.namelist() if not n.endswith("/")]
            z.extractall(to_path)
    elif tarfile.is_tarfile(from_path):
        with tarfile.open(from_path) as t:
            names = [m.name for m in t.getmembers() if m.isfile()]
            t.extractall(to_path, filter="data")
    else:
        raise NotImplementedError(f"We currently only support tar and zip archives: {from_path}")
    return [os.path.join(to_path, n) for n in names]
