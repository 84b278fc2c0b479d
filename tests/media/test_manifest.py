"""Manifests: CSV and JSON lines; good rows, bad rows, and a million of them."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reidsearch.base.boxes import Box
from reidsearch.base.errors import InputError, Reason
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Facts, Rejected
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming

LIMITS = PictureLimits()
NAMING = Naming(camera="gate", zone=dt.timezone(dt.timedelta(hours=2)))
NOON = dt.datetime(2024, 5, 31, 12, 0, 0, tzinfo=dt.UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "ä.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def listed(path: Path, content: str | bytes, naming: Naming = NAMING) -> list[CropInput | Rejected]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(CropInputs(take_inventory([path]), naming, LIMITS))


def only(entries: list[CropInput | Rejected]) -> CropInput:
    (entry,) = entries
    assert isinstance(entry, CropInput), entry.cause
    return entry


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", 'path,camera,time,person,box,shoes\na.jpg,yard,2024-05-31T14:00,7,"1,2,3,4",red'),
        ("m.csv", "Path;Camera;Time;Person;Box;Shoes\na.jpg;yard;2024-05-31T14:00;7;1,2,3,4;red"),
        ("m.tsv", "path\tcamera\ttime\tperson\tbox\tshoes\n"
                  "a.jpg\tyard\t2024-05-31 14:00\t7\t1,2,3,4\tred"),
        ("m.csv", "\ufeffpath,camera_id,time,person_id,x1,y1,x2,y2,shoes\r\n"
                  "./a.jpg,yard,2024-05-31T12:00:00Z,7,1,2,3,4,red\r\n\r\n"),
        ("m.jsonl", '{"path":"a.jpg","camera":"yard","time":"2024-05-31T12:00Z","person":7,'
                    '"box":[1,2,3,4],"shoes":"red"}'),
        ("m.ndjson", '\n{"path":"a.jpg","camera":"yard","time":"2024-05-31T12:00Z","person":"7",'
                     '"x1":1,"y1":2,"x2":3,"y2":4.2,"shoes":"red"}\n\n'),
    ],
)  # fmt: skip
def test_every_form_of_a_row(folder: Path, name: str, content: str) -> None:
    entry = only(listed(folder / name, content))
    assert entry.location == f"{folder}/a.jpg"
    assert entry.box == Box(1, 2, 3, 4)
    assert entry.facts == Facts("yard", NOON, "7", {"shoes": "red"})
    assert entry.locator.read(LIMITS) == b"a.jpg"


def test_what_a_row_leaves_out_the_name_and_the_options_tell(folder: Path) -> None:
    market = folder / "0003_c9s1_000000_00.jpg"
    market.write_bytes(b"x")
    naming = Naming(camera="gate", time=NOON, market1501=True)
    rows = "path,camera,person\n0003_c9s1_000000_00.jpg,,\n0003_c9s1_000000_00.jpg,yard,\na.jpg,,9"
    first, twice, other = listed(folder / "m.csv", rows, naming)
    assert isinstance(first, CropInput)
    assert isinstance(other, CropInput)
    assert first.facts == Facts("c9", NOON, "0003")
    assert isinstance(twice, Rejected)
    assert other.facts == Facts("gate", NOON, "9")


def test_paths_may_lead_anywhere_the_user_wrote(folder: Path) -> None:
    inner = folder / "lists"
    inner.mkdir()
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg"))
    odd.write_bytes(b"odd")
    rows = f"path\n../a.jpg\n{folder}/b.jpg\n../ä.jpg\n".encode() + b"../caf\xe9.jpg\n"
    entries = listed(inner / "m.csv", rows)
    assert [entry.location for entry in entries] == [
        f"{folder}/a.jpg", f"{folder}/b.jpg", f"{folder}/ä.jpg", rf"{folder}/caf\xe9.jpg",
    ]  # fmt: skip
    last = entries[-1]
    assert isinstance(last, CropInput)
    assert last.locator.read(LIMITS) == b"odd"


BAD_CSV_ROWS = [
    ("a.jpg,x,2024-05-31,,,,", Reason.BAD_ROW),  # a field too many
    ("a.jpg,x", Reason.BAD_ROW),
    (",x,,,,", Reason.BAD_ROW),
    ("a\0.jpg,,,,,", Reason.BAD_ROW),
    ("a.jpg," + "c" * 2_000_000 + ",,,,", Reason.BAD_ROW),
    ("a.jpg,yesterday noon,yesterday,,,", Reason.BAD_TIME),
    ("a.jpg,,2024-02-30T12:00Z,,,", Reason.BAD_TIME),
    ("a.jpg,,,1,2,3", Reason.BAD_BOX),
    ("a.jpg,,,1,2,", Reason.BAD_BOX),
]


@pytest.mark.parametrize(("row", "reason"), BAD_CSV_ROWS)
def test_a_bad_row_fails_alone_and_is_named_by_its_line(
    folder: Path, row: str, reason: Reason
) -> None:
    path = folder / "m.csv"
    columns = "path,camera,time,x1,y1,x2" if reason is Reason.BAD_BOX else "path,camera,time,q,r,s"
    first, bad, last = listed(path, f"{columns}\na.jpg,,,,,\n{row}\nb.jpg,,,,,\n")
    assert isinstance(bad, Rejected)
    assert (bad.location, bad.cause.reason) == (f"{path}:3", reason)
    assert [first.location, last.location] == [f"{folder}/a.jpg", f"{folder}/b.jpg"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", Reason.BAD_ROW),
        ("[1, 2]", Reason.BAD_ROW),
        ('{"camera": "x"}', Reason.BAD_ROW),
        ('{"path": 5}', Reason.BAD_ROW),
        ('{"path": ""}', Reason.BAD_ROW),
        ('{"path": "a\\u0000.jpg"}', Reason.BAD_ROW),
        ('{"path": "\\ud800.jpg"}', Reason.BAD_ROW),
        ('{"path": "a.jpg", "camera": "\\ud800"}', Reason.BAD_ROW),
        ('{"path": "a.jpg", "camera": ["x"]}', Reason.BAD_ROW),
        ('{"path": "a.jpg", "speed": NaN}', Reason.BAD_ROW),
        ('{"path": "a.jpg", "deep": ' + "[" * 100_000 + "]" * 100_000 + "}", Reason.BAD_ROW),
        ('{"path": "a.jpg", "time": 1717156800}', Reason.BAD_TIME),
        ('{"path": "a.jpg", "box": [1, 2, 3]}', Reason.BAD_BOX),
        ('{"path": "a.jpg", "box": [5, 5, 1, 1]}', Reason.BAD_BOX),
        ('{"path": "a.jpg", "box": {"x": 1}}', Reason.BAD_BOX),
        ('{"path": "a.jpg", "x1": 4}', Reason.BAD_BOX),
    ],
)
def test_a_bad_line_of_json_fails_alone(folder: Path, row: str, reason: Reason) -> None:
    path = folder / "m.jsonl"
    first, bad, last = listed(path, '{"path": "a.jpg"}\n' + row + '\n{"path": "b.jpg"}\n')
    assert isinstance(bad, Rejected)
    assert (bad.location, bad.cause.reason) == (f"{path}:2", reason)
    assert isinstance(first, CropInput)
    assert isinstance(last, CropInput)


@pytest.mark.full
def test_an_open_quote_does_not_swallow_the_file(folder: Path) -> None:
    rows = ["path,note", 'a.jpg,"never closed', *["b.jpg,filling"] * 20_000, "ä.jpg,end"]
    entries = listed(folder / "m.csv", "\n".join(rows))
    assert isinstance(entries[0], Rejected)
    assert entries[0].cause.reason is Reason.BAD_ROW
    assert entries[-1].location == f"{folder}/ä.jpg"


def test_duplicates_are_of_path_and_box(folder: Path) -> None:
    entries = listed(
        folder / "m.csv",
        'path,box\na.jpg,\na.jpg,"1,1,9,9"\n./a.jpg,"1,1,9,9"\nlost.jpg,\n.,\n',
    )
    assert [entry.cause.reason if isinstance(entry, Rejected) else "" for entry in entries] == [
        "", "", Reason.DUPLICATE_ROW, Reason.MISSING, Reason.NOT_A_FILE,
    ]  # fmt: skip
    assert entries[2].location == f"{folder}/m.csv:4"
    assert entries[3].location == f"{folder}/lost.jpg"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", b"", "empty"),
        ("m.jsonl", b"\n\n", "empty"),
        ("m.csv", b"file,camera\na.jpg,x\n", "no column `path`"),
        ("m.csv", b"\xff\xd8\xff\xe0 a picture", "no column `path`"),
        ("m.csv", "path\na.jpg\n".encode("utf-16"), "no column `path`"),
        ("m.csv", b"path,camera,camera_id\n", "more than one column 'camera'"),
        ("m.jsonl", b'{"file": "a.jpg"}', "`path`"),
        ("m.jsonl", b"path,camera", "no JSON"),
    ],
)
def test_a_manifest_that_cannot_be_one_is_refused_before_anything_is_offered(
    folder: Path, name: str, content: bytes, said: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        take_inventory([folder / "a.jpg", folder / name])
    assert str(folder / name) in caught.value.message


def test_a_manifest_that_is_not_there_or_no_file(folder: Path) -> None:
    os.mkfifo(folder / "fifo.csv")
    for name in ("none.csv", "fifo.csv"):
        with pytest.raises(InputError, match=name):
            take_inventory([folder / name])


def test_the_shared_manifest(shared: Path) -> None:
    path = shared / "reid" / "pku-viewpoints" / "manifest.csv"
    entries = list(CropInputs(take_inventory([path]), Naming(), LIMITS))
    assert len(entries) == 992
    known = [entry.facts for entry in entries if isinstance(entry, CropInput)]
    assert {facts.camera for facts in known} == {"01", "02"}
    assert len({facts.person for facts in known}) == 62
    assert len({json.dumps(dict(facts.extra)) for facts in known}) == 8


@pytest.mark.slow
def test_a_million_rows_in_bounded_memory(folder: Path) -> None:
    """Boxes of one picture, each another; 250 MB hold the program and 70 bytes a row."""
    path = folder / "m.csv"
    with path.open("w") as file:
        file.write("path,camera,time,x1,y1,x2,y2,note\n")
        file.writelines(
            f"a.jpg,gate,2024-05-31T12:00Z,{n % 1000},{n // 1000},1000,1000,row {n}\n"
            for n in range(1_000_000)
        )
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from reidsearch.media.naming.patterns import Naming\n"
        "from reidsearch.media.files.crop_inputs import CropInputs\n"
        "from reidsearch.media.files.inventory import take_inventory\n"
        "from reidsearch.base.settings import PictureLimits\n"
        "inventory = take_inventory([Path(sys.argv[1])])\n"
        "print(sum(1 for _ in CropInputs(inventory, Naming(), PictureLimits())))\n"
        # Not ru_maxrss: that one is inherited from the process that starts this one.
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())\n"
        "assert int(peak[1]) < 250_000\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1000000\n", "")
