"""`reidsearch.toml`: which place wins, and what is refused."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import pytest

from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.settings import IndexSettings, ObjectSettings
from reidsearch.base.settings_file import NAME, Settings, read_settings, user_folder

ALL = """
[pictures]
max_bytes = 1000
max_pixels = 2000
min_width_px = 3
min_height_px = 4

[footage]
frames_fps = "30000/1001"
container_time = true

[runtime]
device = "GPU"
streams = 2
threads = 3
"""
TEAM = """
archive = "postgresql://anna@db.example/station"

[runtime]
threads = 3

[index]
engine = "milvus"
milvus_url = "http://milvus.example:19530"
when_away = "exact"

[objects]
bucket = "s3://pictures/station"
endpoint = "https://s3.example"
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The archive's folder and the user's."""
    for name in ("archive", "user"):
        (tmp_path / name).mkdir()
    return tmp_path / "archive", tmp_path / "user"


def read(places: tuple[Path, Path], **environment: str) -> Settings:
    archive, user = places
    return read_settings(archive, environment=environment, user=user)


def test_without_any_file_the_defaults_hold(places: tuple[Path, Path]) -> None:
    assert read(places) == Settings()
    assert read_settings(None, environment={}, user=places[1]) == Settings()


def test_every_setting_can_stand_in_a_file(places: tuple[Path, Path]) -> None:
    (places[0] / NAME).write_text(ALL)
    settings = read(places)
    assert asdict(settings.pictures) == {
        "max_bytes": 1000, "max_pixels": 2000, "min_width_px": 3, "min_height_px": 4,
    }  # fmt: skip
    assert settings.footage.frames_fps == Fraction(30000, 1001)
    assert settings.footage.container_time is True
    runtime = settings.runtime
    assert (runtime.device, runtime.streams, runtime.threads, runtime.cache) == ("GPU", 2, 3, True)


def test_environment_beats_archive_beats_user_beats_default(places: tuple[Path, Path]) -> None:
    archive, user = places
    (user / NAME).write_text("[pictures]\nmax_bytes = 1\nmax_pixels = 1\nmin_width_px = 1\n")
    (archive / NAME).write_text("[pictures]\nmax_bytes = 2\nmax_pixels = 2\n")
    pictures = read(places, REIDSEARCH_MAX_BYTES="3").pictures
    assert (pictures.max_bytes, pictures.max_pixels, pictures.min_width_px) == (3, 2, 1)
    assert pictures.min_height_px == Settings().pictures.min_height_px


def test_the_environment_is_read_as_text(places: tuple[Path, Path]) -> None:
    settings = read(
        places,
        REIDSEARCH_FRAMES_FPS="12.5",
        REIDSEARCH_CONTAINER_TIME="1",
        REIDSEARCH_DEVICE="AUTO",
        REIDSEARCH_THREADS="",
    )
    assert settings.footage.frames_fps == Fraction(25, 2)
    assert settings.footage.container_time is True
    assert (settings.runtime.device, settings.runtime.threads) == ("AUTO", 0)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[picture]\nmax_bytes = 1", "there is no section [picture]", "did you mean pictures?"),
        ("max_bytes = 1", "there is no section [max_bytes]", "there are pictures"),
        ("[pictures]\nmax_byte = 1", "[pictures] has no setting 'max_byte'", "did you mean max_b"),
        ("[pictures]\nmax_bytes = 0", "max_bytes is 0, not a whole number from 1", ""),
        ("[pictures]\nmax_bytes = true", "max_bytes is True, not a whole number from 1", ""),
        ("[pictures]\nmax_bytes = 1.5", "max_bytes is 1.5, not a whole number from 1", ""),
        ("[footage]\nframes_fps = 'fast'", "frames_fps is 'fast', not a rate", ""),
        ("[footage]\nframes_fps = '1/0'", "frames_fps is '1/0', not a rate", ""),
        ("[footage]\nframes_fps = 0", "frames_fps is 0, not a rate", ""),
        ("[footage]\nframes_fps = 1e-9", "frames_fps is 1e-09, not a rate", ""),
        ("[footage]\nframes_fps = nan", "frames_fps is nan, not a rate", ""),
        ("[footage]\ncontainer_time = 'yes'", "container_time is 'yes', not true or false", ""),
        ("[runtime]\ndevice = 1", "device is 1, not a device", ""),
        ("[runtime", "is not valid TOML", ""),
        ("[index]\nengine = 'milvus'", "[index] cannot be set by an archive", "set it in"),
        ("[objects]\nbucket = 's3://b'", "[objects] cannot be set by an archive", "set it in"),
        ("archive = 'postgresql://a/b'", "there is no section [archive]", "there are pictures"),
    ],
)
def test_what_is_refused_names_file_and_key(
    places: tuple[Path, Path], text: str, message: str, hint: str
) -> None:
    path = places[0] / NAME
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read(places)
    assert refused.value.message.startswith(str(path))
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_a_wrong_variable_is_named(places: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="REIDSEARCH_STREAMS is '-1', not a whole number from 0"):
        read(places, REIDSEARCH_STREAMS="-1")


def test_the_users_folder_is_the_systems_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    assert user_folder() == Path("/somewhere/reidsearch")


def test_a_database_has_the_settings_of_the_file_that_names_it(places: tuple[Path, Path]) -> None:
    _, user = places
    (user / NAME).write_text("[runtime]\nthreads = 1\nstreams = 1\n")
    file = user / "station.toml"
    file.write_text(TEAM)
    address = read_address(file)
    assert isinstance(address, PostgresAddress)
    assert str(address) == "postgresql://anna@db.example/station"
    assert read_address(address.given) == address
    settings = read_settings(address, environment={}, user=user)
    assert (settings.runtime.threads, settings.runtime.streams) == (3, 1)
    assert settings.index == IndexSettings("milvus", "http://milvus.example:19530", "exact")
    assert settings.objects == ObjectSettings("s3://pictures/station", "https://s3.example")
    alone = read_settings(read_address(str(address)), environment={}, user=user)
    assert alone.index == IndexSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[index]\nengine = 'files'", "does not name the database of an archive"),
        ("archive = 'footage'", "does not name the database of an archive"),
        ("archive = 1", "does not name the database of an archive"),
        ("archive = ", "is not valid TOML"),
        ("archive = 'postgresql://anna:secret@db/station'", "holds a password"),
    ],
)
def test_a_file_that_names_no_database_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text)
    with pytest.raises((InputError, UsageError)) as refused:
        read_address(file)
    assert message in refused.value.message
    assert "secret" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    "wrong",
    [
        "[index]\nengine = 'faiss'",
        "[index]\nmilvus_url = 'milvus:19530'",
        "[index]\nmilvus_url = 'http://root:secret@milvus:19530'",
        "[objects]\nbucket = 'pictures'",
        "[objects]\nendpoint = 's3.example'",
    ],
)
def test_wrong_settings_of_servers_are_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / NAME).write_text(wrong)
    with pytest.raises(InputError, match=r"\[(index|objects)\] \w+ is "):
        read_settings(None, environment={}, user=tmp_path)


def test_a_file_that_is_not_there_is_named_and_a_folder_may_be_called_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"station\.toml"):
        read_address(tmp_path / "station.toml")
    (tmp_path / "station.toml").mkdir()
    assert read_address(tmp_path / "station.toml") == tmp_path / "station.toml"
