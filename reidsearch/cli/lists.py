"""What lists of people show, gathered for sheets and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, NotFound

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.decisions import Identity, Linking, Mark, Member
    from reidsearch.domain.footage import SourceCoverage
    from reidsearch.domain.tracklets import TrackletSeen
    from reidsearch.output.shown import Shown


def proposals_content(archive: Archive, wanted: Sequence[int] = ()) -> tuple[Linking, Shown]:
    """Return the undecided proposals, or some of them, with what is shown of them.

    Raises:
        NotFound: nothing was linked, or a proposal is not among them.
    """
    from reidsearch.output.pages.people import proposals_shown

    linking = archive.proposals.last()
    if wanted:
        held = {one.proposal_id: one for one in linking.proposals}
        for number in wanted:
            if number not in held:
                raise NotFound(f"there is no proposal {number}", kind=Kind.PROPOSAL_UNKNOWN)
        linking = replace(linking, proposals=tuple(held[number] for number in wanted))
    return linking, proposals_shown(linking, *archive.proposals.pictured(linking))


def identities_content(archive: Archive, identities: Sequence[Identity]) -> Shown:
    """Return what is shown of all identities."""
    from reidsearch.output.pages.people import identities_shown

    members = [member for one in identities for member in one.members]
    return identities_shown(identities, archive.identities.seen(members))


def source_tracklets(
    archive: Archive, source: str
) -> tuple[SourceCoverage, list[TrackletSeen], dict[Member, Mark]]:
    """Return a source, its tracklets in order of time, and what was decided of them.

    Raises:
        UsageError, NotFound: as `archive.footage.find`.
    """
    from reidsearch.domain.decisions import Member

    one = archive.footage.find(source)
    found = archive.footage.tracklets(one.source_id)
    return (
        one,
        found,
        archive.identities.marks(Member("tracklet", each.tracklet_id) for each in found),
    )
