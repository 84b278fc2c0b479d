"""Read `reidsearch.toml`: settings that hardly anyone changes, for an archive or for a user.

The strongest first: an option of the command line, an environment variable (`REIDSEARCH_` and the
key in capitals), the file in the archive's folder or the one that names the archive's database, the
file in the user's folder, the default.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reidsearch.base import own_files
from reidsearch.base.address import ARCHIVE_KEY, Address
from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.exact import exact
from reidsearch.base.object_address import read_object_address
from reidsearch.base.reading import parse_toml
from reidsearch.base.said import said
from reidsearch.base.settings import (
    IndexSettings,
    LogSettings,
    MetricsSettings,
    ObjectSettings,
    PictureLimits,
    RuntimeSettings,
    SignInSettings,
    TimeSettings,
)

NAME = "reidsearch.toml"
LARGEST_FILE = 1 << 20
MOST = 1 << 40  # of any setting that is a whole number
MOST_THREADS = 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set in a settings file."""

    pictures: PictureLimits = PictureLimits()
    footage: TimeSettings = TimeSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    log: LogSettings = LogSettings()
    index: IndexSettings = IndexSettings()
    objects: ObjectSettings = ObjectSettings()
    sign_in: SignInSettings = SignInSettings()
    metrics: MetricsSettings = MetricsSettings()


def read_settings(
    archive: Address | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    user: Path | None = None,
) -> Settings:
    """Read the settings that hold for an archive.

    Args:
        archive: its folder, which need not exist yet; None: of no archive. A database has the
            settings of the file that it was named by.
        user: the user's folder of settings; None: `user_folder()`.

    Raises:
        InputError: a file is not TOML, or a value is not allowed; the message names the place.

    Example:
        read_settings(Path("archive")).pictures.max_bytes
    """
    default = Settings()
    values = {name: asdict(getattr(default, name)) for name in KEYS}
    _take_file((user or user_folder()) / NAME, values, users=True)
    if isinstance(archive, Path):
        _take_file(archive / NAME, values, users=False)
    elif archive is not None and archive.settings is not None:
        _take_file(archive.settings, values, users=True, ignored=ARCHIVE_KEY)
    _take_environment(environment, values)
    return Settings(
        PictureLimits(**values["pictures"]),
        TimeSettings(**values["footage"]),
        RuntimeSettings(**values["runtime"]),
        LogSettings(**values["log"]),
        IndexSettings(**values["index"]),
        ObjectSettings(**values["objects"]),
        SignInSettings(**values["sign_in"]),
        MetricsSettings(**values["metrics"]),
    )


def user_folder() -> Path:
    """Return the folder that holds the user's file, e.g. `~/.config/reidsearch` on Linux."""
    import platformdirs

    return platformdirs.user_config_path("reidsearch", appauthor=False)


def read_rate(value: object) -> Fraction:
    """Read a frame rate such as 25, 12.5 or "30000/1001".

    Raises:
        ValueError: it is no rate from one frame a day to 1000 frames a second.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    try:
        rate = exact(str(value))
    except (ZeroDivisionError, OverflowError) as error:
        raise ValueError from error
    if not Fraction(1, 86_400) <= rate <= 1000:
        raise ValueError
    return rate


def _whole(least: int, most: int = MOST) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = int(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise ValueError
        return number

    return read


def _switch(value: object) -> bool:
    known = {"1": True, "true": True, "0": False, "false": False}
    switch = known.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(switch, bool):
        raise ValueError
    return switch


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _one_of(*known: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError
        return value

    return read


def _url(*schemes: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        parts = urlsplit(_name(value))
        # A password there could be read by everybody who sees a message, a process or the file.
        if parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc:
            raise ValueError
        return str(value)

    return read


def _objects(value: object) -> str:
    try:
        return str(read_object_address(_name(value)))
    except UsageError as error:
        raise ValueError from error


KEYS: dict[str, dict[str, tuple[Callable[[object], Any], str]]] = {
    "pictures": {
        "max_bytes": (_whole(1), "a whole number from 1"),
        "max_pixels": (_whole(1), "a whole number from 1"),
        "min_width_px": (_whole(1), "a whole number from 1"),
        "min_height_px": (_whole(1), "a whole number from 1"),
    },
    "footage": {
        "frames_fps": (read_rate, 'a rate up to 1000, such as 25 or "30000/1001"'),
        "container_time": (_switch, "true or false"),
    },
    "runtime": {
        "device": (_name, "a device of OpenVINO, such as CPU"),
        "decode_device": (_name, "a kind of device such as cuda or vaapi, or none"),
        "streams": (_whole(0, MOST_THREADS), f"a whole number from 0 to {MOST_THREADS}"),
        "threads": (_whole(0, MOST_THREADS), f"a whole number from 0 to {MOST_THREADS}"),
    },
    "log": {
        "signing_key": (_name, "a file"),
        "timestamp_url": (_name, "an address"),
    },
    "index": {
        "engine": (_one_of("files", "milvus"), "files or milvus"),
        "milvus_url": (_url("http", "https"), "an address that begins with http:// or https://"),
        "when_away": (_one_of("error", "exact"), "error or exact"),
    },
    "objects": {
        "bucket": (_objects, "an address such as s3://bucket/folder or file:///folder"),
        "endpoint": (_url("http", "https"), "an address that begins with http:// or https://"),
    },
    "sign_in": {
        "passwords": (_switch, "true or false"),
        "oidc_issuer": (_url("http", "https"), "an address that begins with https://"),
        "oidc_client_id": (_name, "a text"),
        "oidc_secret_file": (_name, "a file"),
        "oidc_claim": (
            _one_of("preferred_username", "email", "sub"),
            "preferred_username, email or sub",
        ),
        "oidc_new_accounts": (_one_of("viewer", "analyst"), "viewer or analyst"),
    },
    "metrics": {
        "metrics_token_file": (_name, "a file"),
    },
}
"""Section -> key -> how a value is read, and what it must be."""


USERS_OWN = {"log", "index", "objects", "sign_in", "metrics"}
"""Sections that name keys and servers: an archive, which comes from elsewhere, cannot set them."""


def _take_file(
    path: Path, values: dict[str, dict[str, Any]], *, users: bool, ignored: str | None = None
) -> None:
    if not path.parent.is_dir():
        return
    try:
        # Users may link their own file; one in an archive from elsewhere would lead elsewhere.
        found = path.resolve() if users else path.parent.resolve() / path.name
        text = own_files.read_bytes(found, LARGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error
    try:
        given = parse_toml(text)
    except ValueError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error
    for section, pairs in given.items():
        if section == ignored:
            continue
        if section not in KEYS or not isinstance(pairs, dict):
            raise InputError(f"{path}: there is no section [{section}]", _near(section, KEYS))
        if section in USERS_OWN and not users:
            raise InputError(
                f"{path}: [{section}] cannot be set by an archive",
                f"set it in {user_folder() / NAME}",
            )
        for key, value in pairs.items():
            if key not in KEYS[section]:
                hint = _near(key, KEYS[section])
                raise InputError(f"{path}: [{section}] has no setting {key!r}", hint)
            values[section][key] = _read(section, key, value, f"{path}: [{section}] {key}")


def _take_environment(environment: Mapping[str, str], values: dict[str, dict[str, Any]]) -> None:
    for section, keys in KEYS.items():
        for key in keys:
            name = f"REIDSEARCH_{key.upper()}"
            if value := environment.get(name):
                values[section][key] = _read(section, key, value, name)


def _read(section: str, key: str, value: object, where: str) -> Any:
    reader, expected = KEYS[section][key]
    try:
        return reader(value)
    except ValueError as error:
        # What stands before an @ may be a password.
        told = "not" if "@" in str(value) else f"{value!r}, not"
        raise InputError(f"{where} is {told} {expected}") from error


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
