"""`reidsearch.toml`: which place wins, and what is refused."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import pytest

from reidsearch.base.errors import InputError
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
