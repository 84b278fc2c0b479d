"""What may be indexed from a browser lies in the folders that were named, and nowhere else."""

from __future__ import annotations

import os

import pytest

from reidsearch.base.errors import InputError, Kind, UsageError
from reidsearch.services.jobs import folders as module
from reidsearch.services.jobs.folders import FootageFolders


@pytest.fixture
def tree(tmp_path):
    """`offered` with a video, a folder, links out and in; `secret` beside it."""
    inside, secret = tmp_path / "offered", tmp_path / "secret"
    (inside / "day").mkdir(parents=True)
    secret.mkdir()
    for path in (inside / "gate.mp4", inside / "day" / "yard.mp4", secret / "private.mp4"):
        path.write_bytes(b"video")
    (inside / "notes.txt").write_text("no footage")
    (inside / ".hidden.mp4").write_bytes(b"")
    (inside / "list.csv").write_text("path\n/etc/passwd\n")
    (inside / "out").symlink_to(secret)
    (inside / "out.mp4").symlink_to(secret / "private.mp4")
    (inside / "in.mp4").symlink_to(inside / "gate.mp4")
    (inside / "loop").symlink_to(inside / "loop")
    return inside


def test_a_listing_shows_what_can_be_indexed_and_no_way_out(tree) -> None:
    folders = FootageFolders([tree])
    top = folders.listing()
    assert [(one.path, one.kind) for one in top.entries] == [(str(tree), "folder")]
    found = folders.listing(str(tree))
    assert [one.name for one in found.entries] == ["day", "gate.mp4", "in.mp4"]
    assert (found.above, found.whole) == (None, True)
    below = folders.listing(str(tree / "day"))
    assert (below.above, below.entries[0].size_bytes) == (str(tree), 5)


def test_every_way_out_is_refused_in_the_same_words(tree, tmp_path) -> None:
    folders = FootageFolders([tree])
    attempts = [
        str(tmp_path / "secret"),
        str(tmp_path / "nothing"),
        f"{tree}/../secret/private.mp4",
        f"{tree}/day/../../secret",
        f"{tree}-other",
        f"{tree}/out",
        f"{tree}/out/private.mp4",
        f"{tree}/out.mp4",
        "/",
        "/etc/passwd",
        "gate.mp4",
        "",
        "..",
        f"//{tree}/../secret",
    ]
    for path in attempts:
        for ask in (folders.listing, lambda path: folders.require([path])):
            with pytest.raises(UsageError, match="does not lie in a folder") as refused:
                ask(path)
            assert refused.value.kind == Kind.FOLDER_NOT_OFFERED, path


def test_what_is_offered_may_be_indexed_but_no_table_of_other_files(tree) -> None:
    folders = FootageFolders([tree])
    folders.require([str(tree), f"{tree}/day", f"{tree}/gate.mp4", f"{tree}/in.mp4"])
    with pytest.raises(UsageError, match="is a table of files"):
        folders.require([f"{tree}/list.csv"])
    for missing in ("nothing.mp4", "loop"):
        with pytest.raises(InputError, match="there is no such file"):
            folders.require([f"{tree}/{missing}"])
    with pytest.raises(UsageError):
        FootageFolders([]).require([str(tree)])


def test_a_link_that_was_offered_is_followed_once(tree, tmp_path) -> None:
    (tmp_path / "link").symlink_to(tree)
    folders = FootageFolders([tmp_path / "link"])
    assert [one.path for one in folders.listing().entries] == [str(tree)]
    folders.require([f"{tree}/gate.mp4"])


def test_names_that_are_no_text_are_listed_and_found_again(tree) -> None:
    name = os.fsencode(tree / "day") + b"/\xe4.mp4"
    with open(name, "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"video")
    folders = FootageFolders([tree])
    [odd, _] = folders.listing(str(tree / "day")).entries
    assert odd.name == "\\xe4.mp4"
    folders.require([odd.path])


def test_a_folder_of_many_files_is_listed_in_part(tree, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)
    found = FootageFolders([tree]).listing(str(tree))
    assert ([one.name for one in found.entries], found.whole) == (["day", "gate.mp4"], False)
