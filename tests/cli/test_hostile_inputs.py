"""What is no file, and texts that name other files, as inputs: every command ends in time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import draw
from hostile import Tally, bounded, flaws
from own_models import write_onnx
from videos import write_video

WITHIN_S = 25
"""Of the processor: a process starts in one."""

pytestmark = pytest.mark.fuzz


def fifo(folder: Path, name: str) -> Path:
    """A pipe that nobody writes to."""
    os.mkfifo(folder / name)
    return folder / name


def never_a_file(folder: Path, ending: str) -> Iterator[Path]:
    """Things that are no files, by a name with an ending."""
    yield fifo(folder, f"pipe{ending}")
    for name, target in (("zero", "/dev/zero"), ("tty", "/dev/ptmx")):
        (folder / f"{name}{ending}").symlink_to(target)
        yield folder / f"{name}{ending}"
    (folder / f"round{ending}").symlink_to(folder / f"round{ending}")
    yield folder / f"round{ending}"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / f"s{ending}"))
    yield folder / f"s{ending}"
    (folder / f"dir{ending}").mkdir()
    yield folder / f"dir{ending}"


def test_what_is_no_file(held, tmp_path):
    """FIFO, device, socket, loop and folder for every parameter that names a file to read."""
    tally = Tally("no files: pipes, devices, sockets, loops, folders as inputs")
    picture = draw(tmp_path / "q.png", 1)
    video = write_video(tmp_path / "v.mp4", 5)
    forms = {
        ".mp4": ("index", "{}", "--model", "builtin"),
        ".png": ("query", "{}", "--model", "builtin"),
        ".csv": ("index", video, "--model", "builtin", "--sources", "{}"),
        ".toml": ("index", video, "--model", "builtin", "--sources", "{}"),
        ".txt": ("index", video, "--model", "builtin", "--detections", "{}"),
        ".batch": ("query", "--batch", "{}", "--model", "builtin"),
        ".transits": ("link", "--transits", "{}"),
        ".jsonl": ("index", "{}", "--model", "builtin"),
        ".zip": ("index", "{}", "--model", "builtin"),
        ".tar.gz": ("index", "{}", "--model", "builtin"),
        ".xml": ("query", picture, "--model", "{}"),
        ".manifest": ("models", "add", write_onnx(tmp_path / "m.onnx"), "--manifest", "{}"),
        ".onnx": ("query", picture, "--model", "{}"),
        ".avi": ("detect", "{}@0"),
    }
    for ending, words in forms.items():
        folder = tmp_path / ending[1:]
        folder.mkdir()
        for path in never_a_file(folder, ending):
            command = [str(word).replace("{}", str(path)) for word in words]
            ended = (
                bounded(*command, limit_s=WITHIN_S * 2)
                if words[0] in {"detect", "models"}
                else bounded(*command, "-a", held.archive, limit_s=WITHIN_S * 2)
            )
            tally.take(" ".join(command), *flaws(ended, within_s=WITHIN_S))
    tally.close()


def playlists(folder: Path) -> Iterator[Path]:
    """Texts that FFmpeg would follow to other files, wait for, or draw."""
    pipe = fifo(folder, "waits.ts")
    real = write_video(folder / "real.ts", 5)
    endless = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:1\n"
    texts = {
        "hls": f"{endless}#EXTINF:1,\nmissing.ts\n",
        "hls-pipe": f"{endless}#EXTINF:1,\n{pipe}\n",
        "hls-real": f"{endless}#EXTINF:1,\n{real}\n",
        "hls-http": f"{endless}#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
        "hls-self": f"{endless}#EXTINF:1,\nhls-self.mp4\n",
        "concat": f"ffconcat version 1.0\nfile {pipe}\n",
        "concat-zero": "ffconcat version 1.0\nfile /dev/zero\n",
        "dash": f"<?xml version='1.0'?><MPD><Period><BaseURL>{pipe}</BaseURL></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "imf": "<?xml version='1.0'?><CompositionPlaylist/>",
        "text": "a" * 5000,
        "tty": "\x1b[2J" * 500,
        "svg": "<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
        "subtitles": "1\n00:00:00,000 --> 00:00:01,000\nx\n",
        "ram": f"rtsp://127.0.0.1/x\nfile://{pipe}\n",
    }
    for name, text in texts.items():
        path = folder / f"{name}.mp4"
        path.write_text(text)
        yield path


def test_texts_that_name_other_files(held, tmp_path):
    tally = Tally("playlists and texts as footage")
    for path in playlists(tmp_path):
        ended = bounded("index", path, "--model", "builtin", "-a", held.archive, limit_s=60)
        refused = "" if ended.code == 1 else f"exit code {ended.code} where it is to be refused"
        tally.take(path.name, refused, *flaws(ended, within_s=WITHIN_S))
    tally.close()
