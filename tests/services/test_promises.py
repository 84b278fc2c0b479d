"""Coverage never claims what is not held, whatever was indexed, killed, deleted and restored.

A machine of Hypothesis runs random sequences of commands on a small archive. What a whole run finds
in each source is known beforehand; so for every person found there either a view is held, or no
span that counts as analysed lies in the time when they were to be seen.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from scenes import NOON, write_gate, write_yard

from reidsearch import Archive, Filters, restore
from reidsearch.domain.footage import UNSEEN, SourceCoverage, SourceState
from reidsearch.ingest.footage import run
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions
from reidsearch.store.footage import writer

CAMERAS = ("gate", "yard")
EVERYTHING = Filters()
COMMITS = {"gate": 150, "yard": 60}  # a run has about so many
Person = tuple[int, int, frozenset[tuple[int, object]]]
"""First and last media time, and the views that a whole run keeps."""


@dataclass(frozen=True)
class Footage:
    """Videos by camera, and everybody that is found in each."""

    videos: dict[str, Path]
    people: dict[str, list[Person]]


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    folder = tmp_path_factory.mktemp("footage")
    videos = {camera: folder / f"{camera}.mp4" for camera in CAMERAS}
    write_gate(videos["gate"])
    write_yard(videos["yard"])
    with Archive.open(folder / "whole", create=True, model="builtin") as archive:
        for camera in CAMERAS:
            index(archive, videos[camera])
        people = {
            source.facts.camera or "": found(archive, source)
            for source in archive.footage.coverage()
        }
    return Footage(videos, people)


def index(archive: Archive, video: Path) -> None:
    naming = SourceNaming(camera=video.stem, start=NOON)
    options = FootageOptions(naming=naming, detections=video.with_suffix(".det.txt"))
    archive.index([video], footage=options)


def found(archive: Archive, source: SourceCoverage) -> list[Person]:
    return [
        (
            one.parts[0].first_us,
            one.parts[0].last_us,
            frozenset(
                (crop.moment.pts, crop.box)
                for crop in (archive.crop(crop_id) for crop_id in one.crop_ids)
                if crop.moment
            ),
        )
        for one in archive.footage.tracklets(source.source_id)
    ]


class Promises(RuleBasedStateMachine):
    """Commands in any order; what holds after each."""

    footage: Footage

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.restored = 0
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(run, "MARK_S", 0.0)

    def teardown(self) -> None:
        try:
            for camera in CAMERAS:
                self.index(camera)
            with self.opened() as archive:
                for source in archive.footage.coverage():
                    camera = source.facts.camera or ""
                    assert sorted(found(archive, source)) == sorted(self.footage.people[camera])
                    assert not {span.how for span in source.spans} & UNSEEN
                assert len(archive.footage.coverage()) == len(CAMERAS)
                assert archive.check() == []
        finally:
            self.patch.undo()
            shutil.rmtree(self.place)

    @property
    def folder(self) -> Path:
        return self.place / str(self.restored)

    def opened(self) -> Archive:
        return Archive.open(self.folder, create=True, model="builtin")

    def tracklets(self) -> list[tuple[int, ...]]:
        with self.opened() as archive:
            return [
                one.crop_ids
                for source in archive.footage.coverage()
                for one in archive.footage.tracklets(source.source_id)
            ]

    def delete(self, filters: Filters = EVERYTHING, crops: tuple[int, ...] = ()) -> None:
        with self.opened() as archive:
            archive.delete(archive.plan_delete(filters, crop_ids=crops))

    @initialize()
    def create(self) -> None:
        self.opened().close()

    @rule(camera=st.sampled_from(CAMERAS))
    def index(self, camera: str) -> None:
        with self.opened() as archive:
            index(archive, self.footage.videos[camera])

    @rule(camera=st.sampled_from(CAMERAS), share=st.floats(0, 1))
    def index_killed(self, camera: str, share: float) -> None:
        """Die, as a kill would, before a commit; what was committed stays."""
        left = round(share * COMMITS[camera])
        real = writer.FootageWriter.commit

        def commit(self: writer.FootageWriter, step: object) -> None:
            nonlocal left
            if not left:
                raise KeyboardInterrupt
            left -= 1
            real(self, step)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch, self.opened() as archive:
            patch.setattr(writer.FootageWriter, "commit", commit)
            with contextlib.suppress(KeyboardInterrupt):
                index(archive, self.footage.videos[camera])

    @precondition(lambda self: self.tracklets())
    @rule(data=st.data(), views=st.sampled_from(["one", "all"]))
    def delete_person(self, data: st.DataObject, views: str) -> None:
        crops = data.draw(st.sampled_from(self.tracklets()))
        self.delete(crops=crops if views == "all" else crops[:1])

    @precondition(lambda self: self.tracklets())
    @rule(camera=st.sampled_from(CAMERAS))
    def delete_camera(self, camera: str) -> None:
        with self.opened() as archive:
            known = {name for name, *_ in archive.show().cameras}
        if camera in known:
            self.delete(Filters(cameras=(camera,)))

    @rule(camera=st.sampled_from(CAMERAS))
    def delete_source(self, camera: str) -> None:
        with self.opened() as archive:
            held = [one.location for one in archive.footage.coverage()]
        place = str(self.footage.videos[camera])
        if place in held:
            self.delete(Filters(sources=(place,)))

    @precondition(lambda self: self.tracklets())
    @rule()
    def reembed(self) -> None:
        with self.opened() as archive:
            archive.reembed()

    @rule()
    def backup_and_restore(self) -> None:
        with self.opened() as archive:
            archive.backup(self.place / f"backup-{self.restored}")
        restore(self.place / f"backup-{self.restored}", self.place / str(self.restored + 1))
        self.restored += 1

    @invariant()
    def coverage_claims_only_what_is_held(self) -> None:
        if not (self.folder / "archive.db").exists():
            return
        with self.opened() as archive:
            sources = archive.footage.coverage()
            for source in sources:
                assert source.state is not SourceState.RUNNING, "nobody is at work"
                held = found(archive, source)
                for person in self.footage.people[source.facts.camera or ""]:
                    if not any(views & person[2] for *_, views in held):
                        assert claimed_us(source, person) == 0, (source, person)
            assert sum(one.counts["tracklets"] for one in sources) == archive.show().tracklets
            assert sum(one.counts["best_shots"] for one in sources) == len(archive)
            assert archive.check() == []
            if len(archive):
                self.answer_says_the_same(archive, sources)

    def answer_says_the_same(self, archive: Archive, sources: list[SourceCoverage]) -> None:
        picture = np.random.default_rng(1).integers(0, 255, (128, 64, 3), np.uint8)
        searched = archive.search(picture).statement.footage
        told: dict[str, float] = {}
        for source in sources:
            for span in source.spans:
                length_s = (span.to_us - span.from_us) / 1_000_000
                told[span.how] = told.get(span.how, 0.0) + length_s
        for how in {*told, *searched.seconds}:
            assert searched.seconds.get(how, 0.0) == pytest.approx(told.get(how, 0.0))
        interrupted = sum(one.state is SourceState.INTERRUPTED for one in sources)
        assert searched.unfinished == interrupted


def claimed_us(source: SourceCoverage, person: Person) -> int:
    """How long of the time in which the person was to be seen counts as analysed."""
    first_us, last_us, _ = person
    return sum(
        max(0, min(span.to_us, last_us) - max(span.from_us, first_us))
        for span in source.spans
        if span.how not in UNSEEN
    )


def run_machine(footage: Footage, examples: int, steps: int) -> None:
    machine = type("Machine", (Promises,), {"footage": footage})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 10,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.full
def test_coverage_never_claims_what_is_not_held(footage):
    run_machine(footage, examples=2, steps=6)


@pytest.mark.fuzz
def test_coverage_never_claims_what_is_not_held_whatever_happens(footage):
    run_machine(footage, examples=40, steps=15)
