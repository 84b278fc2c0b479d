"""A list of cameras to record, in TOML.

    [cameras.gate]
    url = "rtsp://192.168.1.64/stream1"
    user = "viewer"
    password_file = "gate.password"     # or password_variable = "GATE_PASSWORD"

A list that holds a password itself (`password`, or within `url`) is read only if nobody but its
owner can read it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidsearch.base.errors import InputError, Refused, UsageError
from reidsearch.base.reading import TOML_BYTES, parse_toml, read_text
from reidsearch.base.secret import read_secret
from reidsearch.media.recording.address import CameraAddress, read_camera_address
from reidsearch.media.recording.names import require_camera_name

KEYS = ("url", "user", "password", "password_file", "password_variable")
MOST_CAMERAS = 1000


def read_camera_list(
    path: Path, environment: Mapping[str, str] = os.environ
) -> dict[str, CameraAddress]:
    """Return the cameras of a list by name, with their credentials.

    Raises:
        InputError: it cannot be read, says what makes no sense, or holds a password that others
            may read. No message repeats one.
    """
    try:
        told = parse_toml(read_text(path, TOML_BYTES))
    except (Refused, ValueError) as error:
        # The parser's own text may repeat a line, and with it a password.
        reason = error.message if isinstance(error, Refused) else "it is no TOML"
        raise InputError(f"{path} cannot be read: {reason}") from None
    cameras = told.get("cameras")
    if not isinstance(cameras, dict) or not cameras or set(told) != {"cameras"}:
        raise InputError(f"{path} names no cameras", "it has a table [cameras.NAME] for each")
    if len(cameras) > MOST_CAMERAS:
        raise InputError(f"{path} names {len(cameras)} cameras; {MOST_CAMERAS} are recorded")
    private = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or os.name != "posix"
    return {
        name: _camera(path, name, table, environment, private=private)
        for name, table in cameras.items()
    }


def _camera(
    path: Path, name: str, table: Any, environment: Mapping[str, str], *, private: bool
) -> CameraAddress:
    where = f"{path}, camera {name}"
    if not isinstance(table, dict) or not isinstance(table.get("url"), str):
        raise InputError(f"{where}: url is missing", 'for instance url = "rtsp://host/stream"')
    if unknown := sorted(set(table) - set(KEYS)):
        raise InputError(f"{where}: {unknown[0]} is unknown", f"there are {', '.join(KEYS)}")
    if not all(isinstance(value, str) and value for value in table.values()):
        raise InputError(f"{where}: all values are texts that are not empty")
    if "password" in table and not private:
        raise InputError(f"{path} holds a password, and others may read it", f"chmod 600 {path}")
    try:
        require_camera_name(name)
        address = read_camera_address(table["url"], credentials=private)
    except UsageError as error:
        raise InputError(f"{where}: {error.message}", error.hint or f"chmod 600 {path}") from None
    password = table.get("password") or _password(path, where, table, environment)
    user = table.get("user")
    if (user is None) != (password is None):
        raise InputError(f"{where}: a user needs a password, and a password a user")
    return address.with_credentials(user, password) if user and password else address


def _password(
    path: Path, where: str, table: Mapping[str, str], environment: Mapping[str, str]
) -> str | None:
    if variable := table.get("password_variable"):
        if not environment.get(variable):
            raise InputError(f"{where}: the environment has no {variable}")
        return environment[variable]
    if file := table.get("password_file"):
        return read_secret("", str(path.parent / Path(file).expanduser()), environment)
    return None
