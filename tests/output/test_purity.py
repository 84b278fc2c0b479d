"""What is told of a tracklet that may show several people."""

from dataclasses import replace

from present_samples import footage_answer

from reidsearch.domain.tracklets import Doubt, Purity
from reidsearch.output.purity import matches_purity, purity_sentences, purity_text

SWITCH = "a switch to somebody else cannot be excluded"


def doubted(*positions):
    return Purity(20, tuple(Doubt(at, 1, at * 250_000) for at in positions))


def test_the_longest_stretch_without_a_doubt_is_one_persons():
    assert Purity(20).share == 1
    assert doubted(5).share == 0.75
    assert doubted(5, 10).share == 0.5
    assert Purity(0).share == 1


def test_a_text_names_the_share_and_the_moments():
    assert purity_text(doubted(5)) == (
        "a switch to somebody else cannot be excluded at 1.2 s; its longest stretch without such a "
        "moment is 75 % of its detections"
    )
    assert purity_text(doubted(4, 8)).startswith(f"{SWITCH} at 1.0 s and 2.0 s;")
    assert purity_text(doubted(4, 8, 12, 16)).startswith(
        f"{SWITCH} at 1.0 s, 2.0 s, 3.0 s and 1 further moment;"
    )


def test_only_what_is_in_doubt_is_told():
    assert purity_sentences([("rank 1", Purity(20))]) == []
    (told,) = purity_sentences([("rank 1", Purity(20)), ("rank 2", doubted(5))])
    assert told.startswith(f"May show more than one person: rank 2 ({SWITCH} at 1.2 s;")
    (told,) = purity_sentences((f"rank {rank}", doubted(5)) for rank in range(1, 6))
    assert told.endswith("; and 2 further tracklets.")


def test_what_an_earlier_version_indexed_is_not_known():
    (told,) = purity_sentences([("rank 1", None), ("rank 2", None)])
    assert "not known of 2 tracklets" in told


def test_each_tracklet_is_named_once_by_its_first_rank():
    (match,) = footage_answer().matches
    (told,) = matches_purity([match, replace(match, rank=2)])
    assert told.startswith(f"May show more than one person: rank 1, tracklet 4 ({SWITCH} at")
    assert "rank 2" not in told
