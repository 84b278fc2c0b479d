"""Zip archives as streams: members are read where they lie, nothing is unpacked to disk."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.reading import open_regular
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.containers import Container
from reidsearch.media.files.locators import LOCAL_HEADER_BYTES, ZipMember

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}


def zip_crops(container: Container) -> Iterator[CropInput | Rejected]:
    """List the pictures of a zip archive in its directory's order.

    An encrypted or oddly compressed member, and a damaged or bomb-like archive, is `Rejected`.
    """
    try:
        with (
            os.fdopen(open_regular(container.file.path), "rb") as file,
            zipfile.ZipFile(file) as archive,
        ):
            infos = archive.infolist()
        _require_sound(container, infos)
    except Refused as refused:
        yield Rejected(container.location, refused)
        return
    except Exception as error:  # noqa: BLE001 - zipfile throws a dozen kinds at damaged files
        yield container.damaged(f"{error or type(error).__name__}; cut short?")
        return
    for info in infos:
        if info.is_dir():
            continue
        mode = info.external_attr >> 16
        location = container.screen(info.filename, "a link" if stat.S_ISLNK(mode) else "")
        if isinstance(location, Rejected):
            yield location
        elif location is None:
            continue
        elif info.flag_bits & 1:
            yield Rejected(location, Refused(Reason.UNREADABLE, "it is encrypted", "decrypt it"))
        elif info.compress_type not in _METHODS:
            yield Rejected(
                location,
                Refused(Reason.UNREADABLE, f"compressed by method {info.compress_type}"),
            )
        else:
            container.position_bytes += info.compress_size
            locator = ZipMember(
                container.file,
                info.header_offset,
                info.compress_type,
                info.compress_size,
                info.file_size,
                info.CRC,
            )
            yield container.crop_input(location, info.file_size, info.CRC, locator)


def _require_sound(container: Container, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse archives whose members overlap, or are far larger than the archive.

    Overlapping members are how a small zip unpacks to petabytes without any nesting.
    """
    container.require_modest(sum(info.file_size for info in infos), container.file.size_bytes)
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Refused(Reason.BOMB, f"its members overlap at {info.filename!r}")
        end = info.header_offset + LOCAL_HEADER_BYTES + info.compress_size
