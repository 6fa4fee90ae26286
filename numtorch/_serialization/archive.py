"""The container: a zip file of stored records in one folder, each aligned to 64 bytes.

Reading trusts nothing: sizes and places of all records are checked against the file before
anything is allocated, and every record against its checksum.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import BinaryIO

ALIGNMENT = 64
_LOCAL = struct.Struct("<4s5H3I2H")  # a record's own header
_CENTRAL = struct.Struct("<4s6H3I5H2I")  # its entry in the directory at the end
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_MAX32, _MAX16 = 0xFFFFFFFF, 0xFFFF  # "see the wide field"
WIDE = _MAX32  # numbers from here on need one
_UTF8 = 1 << 11
_DATE = 33  # 1 January 1980: equal objects make equal files
_ADVICE = (
    "The file is damaged: it was not saved or copied completely, or was changed since. "
    "Load another copy of it."
)

options = {"crc": True}  # checksums are written and checked


class Writer:
    """Writes records one after the other; needs no more of a file than write()."""

    def __init__(self, file: BinaryIO, folder: str):
        self.file, self.folder = file, folder
        self.at = 0
        self.entries: list[bytes] = []

    def _write(self, data) -> None:
        self.file.write(data)
        self.at += len(data)

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Writes one record, its first byte at a multiple of 64."""
        encoded = f"{self.folder}/{name}".encode()
        size, at = len(data), self.at
        crc = zlib.crc32(data) if options["crc"] else 0
        wide = b""
        if size >= WIDE:
            wide = struct.pack("<2H2Q", 1, 16, size, size)
        short = size if size < WIDE else _MAX32
        head = at + _LOCAL.size + len(encoded) + len(wide)
        extra = wide + _padding(-(head + 4) % ALIGNMENT)
        version = 45 if wide or at >= WIDE else 20
        fields = (version, _UTF8, 0, 0, _DATE, crc, short, short, len(encoded))
        self._write(_LOCAL.pack(b"PK\3\4", *fields, len(extra)) + encoded + extra)
        self._write(data)
        places = ([size, size] if size >= WIDE else []) + ([at] if at >= WIDE else [])
        far = struct.pack("<2H", 1, 8 * len(places)) if places else b""
        far += struct.pack(f"<{len(places)}Q", *places)
        self.entries.append(
            _CENTRAL.pack(
                b"PK\1\2", version, *fields, len(far), 0, 0, 0, 0, at if at < WIDE else _MAX32
            ) + encoded + far
        )  # fmt: skip

    def close(self) -> None:
        """Writes the directory."""
        start, count = self.at, len(self.entries)
        for entry in self.entries:
            self._write(entry)
        size, end = self.at - start, self.at
        wide = count >= _MAX16 or start >= WIDE or size >= WIDE
        if wide:
            self._write(_END64.pack(b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start))
            self._write(_LOCATOR.pack(b"PK\6\7", 0, end, 1))
            count, size, start = _MAX16, _MAX32, _MAX32
        self._write(_END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0))


def _padding(n: int) -> bytes:
    # An extra field that readers skip; its header of 4 bytes is there even if it is empty.
    return struct.pack("<2sH", b"FB", n) + b"Z" * n


class Record:
    """Where a record's bytes are: `offset` is known once its own header was read."""

    __slots__ = ("name", "head", "size", "crc", "limit", "offset")

    def __init__(self, name: str, head: int, size: int, crc: int, limit: int):
        self.name, self.head, self.size, self.crc, self.limit = name, head, size, crc, limit
        self.offset = -1


def damaged(what: str) -> RuntimeError:
    """The error for a zip file that can't be read."""
    return RuntimeError(f"PytorchStreamReader failed reading zip archive: {what}. {_ADVICE}")


class Reader:
    """The records of an archive that starts at the file's position."""

    def __init__(self, file: BinaryIO):
        self.file, self.start = file, file.tell()
        self.size = file.seek(0, io.SEEK_END) - self.start
        self.folder = ""
        self.records: dict[str, Record] = {}
        self._read_directory()

    def _read_directory(self) -> None:
        window = _Window(self.file, self.start, self.size)
        try:
            with zipfile.ZipFile(window) as z:
                infos, limit = z.infolist(), z.start_dir
        except zipfile.BadZipFile as e:
            what = "failed finding central directory" if "not a zip" in str(e) else str(e)
            raise damaged(what) from None
        except (NotImplementedError, struct.error, ValueError, OverflowError, EOFError,
                RuntimeError) as e:  # fmt: skip
            raise damaged(str(e) or type(e).__name__) from None
        if not infos:
            raise damaged("there are no records")
        self.folder = infos[0].filename.partition("/")[0]
        if "/" not in infos[0].filename:
            raise RuntimeError(f"file in archive is not in a subdirectory: {infos[0].filename}")
        ordered = sorted(infos, key=lambda i: i.header_offset)
        ends = [i.header_offset for i in ordered[1:]] + [limit]
        for info, end in zip(ordered, ends):
            self._add(info, end)

    def _add(self, info: zipfile.ZipInfo, end: int) -> None:
        folder, slash, name = info.filename.partition("/")
        if not slash or folder != self.folder:
            raise damaged(f"'{info.filename}' is not in the folder '{self.folder}'")
        if name in self.records:
            raise damaged(f"there are two records named '{info.filename}'")
        if info.flag_bits & 1:
            raise damaged(f"'{info.filename}' is encrypted")
        if info.compress_type != zipfile.ZIP_STORED:
            raise RuntimeError(
                f"'{info.filename}' in the archive is compressed, which checkpoints never are; "
                "unpack the file and pack it again with `zip -0 -r`"
            )
        least = info.header_offset + _LOCAL.size + len(info.orig_filename)
        if info.header_offset < 0 or info.file_size != info.compress_size:
            raise damaged(f"the sizes of '{info.filename}' make no sense")
        if least + info.file_size > end:
            raise damaged(f"'{info.filename}' is larger than the file, or overlaps another record")
        self.records[name] = Record(name, info.header_offset, info.file_size, info.CRC, end)

    def __contains__(self, name: str) -> bool:
        return name in self.records

    def find(self, name: str) -> Record:
        """A record whose place in the file is known; RuntimeError if there is none."""
        record = self.records.get(name)
        if record is None:
            raise RuntimeError(
                f"PytorchStreamReader failed locating file {name}: file not found. {_ADVICE}"
            )
        if record.offset < 0:
            self._locate(record)
        return record

    def _locate(self, record: Record) -> None:
        self.file.seek(self.start + record.head)
        head = self.file.read(_LOCAL.size)
        full = f"{self.folder}/{record.name}"
        if len(head) != _LOCAL.size or head[:4] != b"PK\3\4":
            raise damaged(f"the header of '{full}' is not where the directory says")
        *_, names, extras = _LOCAL.unpack(head)
        if self.file.read(names) != full.encode():
            raise damaged(f"the header of '{full}' is not where the directory says")
        offset = record.head + _LOCAL.size + names + extras
        if offset + record.size > record.limit:
            raise damaged(f"'{full}' is larger than the file, or overlaps another record")
        record.offset = offset

    def read(self, name: str) -> bytes:
        """The bytes of a record."""
        data = bytearray(self.find(name).size)
        self.read_into(name, memoryview(data))
        return bytes(data)

    def read_into(self, name: str, target: memoryview) -> None:
        """Fills `target` with a record of its size; RuntimeError if the checksum is wrong."""
        record = self.find(name)
        self.file.seek(self.start + record.offset)
        read_fully(self.file, target, name)
        if options["crc"] and zlib.crc32(target) != record.crc:
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: the checksum is wrong (CRC-32). "
                f"{_ADVICE} (torch.serialization.set_crc32_options(False) loads it unchecked.)"
            )


def read_fully(file, target: memoryview, name: str) -> None:
    """Fills `target` from a file that may have only read()."""
    at, n = 0, len(target)
    into = getattr(file, "readinto", None)
    while at < n:
        if into is not None:
            got = into(target[at:]) or 0
        else:
            data = file.read(min(n - at, 1 << 24))
            got = len(data)
            target[at : at + got] = data
        if not got:
            raise RuntimeError(
                f"unexpected EOF, expected {n - at} more bytes of {name}. The file might be "
                "corrupted."
            )
        at += got


class _Window(io.RawIOBase):
    """The part of a file from an offset on, for zipfile."""

    def __init__(self, file, start: int, size: int):
        self.file, self.start, self.size, self.at = file, start, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        if self.at < 0:
            raise OSError("negative seek")
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, target) -> int:
        self.file.seek(self.start + self.at)
        data = self.file.read(min(len(target), max(self.size - self.at, 0)))
        target[: len(data)] = data
        self.at += len(data)
        return len(data)

    def close(self) -> None:  # the file belongs to the caller
        pass
