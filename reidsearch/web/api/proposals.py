"""Proposals of the last linking, which count for nothing until somebody confirms them."""

from __future__ import annotations

from dataclasses import replace

from reidsearch.base.errors import Kind, NotFound
from reidsearch.domain.decisions import Linking, Member, Proposal, Seen
from reidsearch.output.identities import decision_document
from reidsearch.output.proposals import linking_json, seen_json
from reidsearch.web.api.identities import Force, Name, Note
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role


def every(call: Call, _: Nothing) -> Document:
    """Return the proposals of which everything may be seen."""
    return linking_json(seen_linking(call))


def seen_linking(call: Call) -> Linking:
    """Return the last linking with the proposals of which everything may be seen."""
    last = call.archive.proposals.last()
    seen = call.sight.members(member for one in last.proposals for member in one.members)
    shown = tuple(one for one in last.proposals if _shown(call, one, seen))
    return replace(last, proposals=shown)


def _shown(call: Call, one: Proposal, seen: set[Member]) -> bool:
    named = one.adds_to
    return seen.issuperset(one.members) and (
        named is None or named.identity_id in call.sight.names()
    )


def one(call: Call, _: Nothing) -> Document:
    """Return one proposal with where and when each of it was seen."""
    return document(call, call.path["proposal_id"])


def document(call: Call, proposal_id: int) -> Document:
    """Return one proposal, by its number."""
    return seen_json(_seen(call, proposal_id))


def _seen(call: Call, number: int) -> Seen:
    seen = call.archive.proposals.find(number)
    hidden = NotFound(f"there is no proposal {number}", kind=Kind.PROPOSAL_UNKNOWN)
    if not call.sight.members(seen.proposal.members).issuperset(seen.proposal.members):
        raise hidden
    if seen.proposal.adds_to is not None:
        call.sight.require_identity(str(seen.proposal.adds_to.identity_id))
    return replace(seen, held=call.sight.presences(seen.held))


class Confirm(Given, frozen=True):
    """What a proposal is confirmed as.

    Args:
        name: of the identity; None: the one that the proposal would add to.
        new: whether an identity of this name is made.
    """

    name: Name | None = None
    new: bool = False
    note: Note = ""
    force: Force = False


def confirm(call: Call, asked: Confirm) -> Document:
    """Confirm a whole proposal."""
    number = _seen(call, call.path["proposal_id"]).proposal.proposal_id
    note, force = asked.note, asked.force
    if asked.new and asked.name is not None:
        made = call.proposals.new(number, asked.name, note=note, force=force)
        return decision_document(made)
    if asked.name is not None:
        call.sight.require_identity(asked.name)
    return decision_document(call.proposals.confirm(number, asked.name, note=note, force=force))


ENDPOINTS = (
    Endpoint("GET", "/proposals", every, "The proposals to be decided.", document="proposals-1"),
    Endpoint(
        "GET",
        "/proposals/{proposal_id:int}",
        one,
        "One proposal, with where and when each of it was seen.",
        document="proposal-1",
    ),
    Endpoint(
        "POST",
        "/proposals/{proposal_id:int}/confirm",
        confirm,
        "Confirm a whole proposal as an identity.",
        takes=Confirm,
        document="decision-1",
        role=Role.ANALYST,
    ),
)
