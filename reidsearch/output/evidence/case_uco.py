"""A bundle as CASE/UCO (https://caseontology.org): what other tools of forensics exchange."""

from __future__ import annotations

import uuid
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.base.version import __version__
from reidsearch.domain.event_log import LogEntry
from reidsearch.output.evidence.log_extract import actions
from reidsearch.output.evidence.manifest import Bundle, EvidenceFile

CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:uuid:",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
Node = dict[str, Any]


def case_uco(bundle: Bundle, shown: list[LogEntry]) -> Node:
    """Return the graph: investigation, sources, files, provenance, who did what when.

    Args:
        shown: entries of the log whose details are in the bundle.
    """
    return _Graph(bundle).made(shown)


def _ref(node: Node) -> Node:
    return {"@id": node["@id"]}


def _time(text: str) -> Node:
    return {"@type": "xsd:dateTime", "@value": text}


class _Graph:
    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._nodes: list[Node] = []
        self._people: dict[str, Node] = {}
        space = uuid.UUID(bundle.imprint.archive_id)
        self._space = uuid.uuid5(space, iso(bundle.imprint.at))
        self._numbers: dict[str, int] = {}

    def _node(self, kind: str, **members: Any) -> Node:
        """Add a node; its name is the same whenever the same bundle is made."""
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        node = self._named(f"{kind} {number}", kind, members)
        self._nodes.append(node)
        return node

    def _named(self, name: str, kind: str, members: Node) -> Node:
        return {"@id": f"kb:{uuid.uuid5(self._space, name)}", "@type": kind, **members}

    def made(self, shown: list[LogEntry]) -> Node:
        bundle = self._bundle
        tool = self._node(
            "uco-tool:Tool",
            **{"uco-core:name": "reidsearch", "uco-tool:version": __version__},
        )
        sources = {
            one.crop.source_sha256: self._source(one.crop.source_sha256, one.crop.location)
            for one in bundle.findings
        }
        files = [(one, self._file(one)) for one in bundle.files]
        for one, node in files:
            if one.source in sources:
                self._relation(node, sources[one.source])
        record = self._node(
            "case-investigation:ProvenanceRecord",
            **{
                "uco-core:description": "The files of the evidence bundle",
                "case-investigation:exhibitNumber": f"bundle of {iso(bundle.imprint.at)}",
                "uco-core:object": [_ref(node) for _, node in files],
            },
        )
        self._action(
            "export", bundle.actor, iso(bundle.imprint.at), tool,
            objects=list(sources.values()), results=[record],
        )  # fmt: skip
        by_entry = {one.log_entry: node for one, node in files if one.log_entry is not None}
        for entry in actions(shown):
            result = by_entry.get(entry.number)
            self._action(
                f"{entry.event.value}, log entry {entry.number}", entry.actor, iso(entry.at), tool,
                results=[result] if result else [],
            )  # fmt: skip
        self._investigation()
        whole = self._named("bundle", "uco-core:Bundle", {
            "uco-core:name": "Evidence bundle of reidsearch",
            "uco-core:description": f"archive {bundle.imprint.archive_id}; see manifest.json",
            "uco-core:object": self._nodes,
        })  # fmt: skip
        return {"@context": CONTEXT, "@graph": [whole]}

    def _hash(self, sha256: str) -> Node:
        return self._inner(
            "uco-types:Hash",
            **{
                "uco-types:hashMethod": "SHA256",
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256},
            },
        )

    def _inner(self, kind: str, **members: Any) -> Node:
        """Return a node that stands inside another one."""
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._named(f"{kind} {number}", kind, members)

    def _content(self, sha256: str, size_bytes: int | None = None) -> Node:
        size = {} if size_bytes is None else {"uco-observable:sizeInBytes": size_bytes}
        return self._inner(
            "uco-observable:ContentDataFacet",
            **{"uco-observable:hash": self._hash(sha256)},
            **size,
        )

    def _source(self, sha256: str, location: str) -> Node:
        return self._node(
            "uco-observable:File",
            **{
                "uco-core:description": "A source of the archive",
                "uco-core:hasFacet": [
                    self._inner(
                        "uco-observable:FileFacet", **{"uco-observable:filePath": location}
                    ),
                    self._content(sha256),
                ],
            },
        )

    def _file(self, one: EvidenceFile) -> Node:
        facet = self._inner(
            "uco-observable:FileFacet",
            **{
                "uco-observable:fileName": one.path.rpartition("/")[2],
                "uco-observable:filePath": one.path,
                "uco-observable:sizeInBytes": one.size_bytes,
            },
        )
        return self._node(
            "uco-observable:File",
            **{
                "uco-core:description": "; ".join((one.says, *one.altered)),
                "uco-core:hasFacet": [facet, self._content(one.sha256, one.size_bytes)],
            },
        )

    def _relation(self, part: Node, source: Node) -> None:
        self._node(
            "uco-observable:ObservableRelationship",
            **{
                "uco-core:source": _ref(part),
                "uco-core:target": _ref(source),
                "uco-core:kindOfRelationship": "Derived_From",
                "uco-core:isDirectional": True,
            },
        )

    def _person(self, name: str) -> Node:
        if name not in self._people:
            self._people[name] = self._node("uco-identity:Identity", **{"uco-core:name": name})
        return self._people[name]

    def _action(
        self,
        name: str,
        who: str,
        at: str,
        tool: Node,
        *,
        objects: list[Node] | None = None,
        results: list[Node] | None = None,
    ) -> None:
        told: Node = {
            "uco-core:name": name,
            "uco-action:performer": _ref(self._person(who)),
            "uco-action:instrument": _ref(tool),
            "uco-action:startTime": _time(at),
            "uco-action:endTime": _time(at),
        }
        if objects:
            told["uco-action:object"] = [_ref(one) for one in objects]
        if results:
            told["uco-action:result"] = [_ref(one) for one in results]
        self._node("case-investigation:InvestigativeAction", **told)

    def _investigation(self) -> None:
        case = self._bundle.asked.case
        if case is None:
            return
        told: Node = {
            "uco-core:name": case.number,
            "uco-core:object": [_ref(one) for one in self._nodes],
        }
        if case.title or case.purpose:
            told["uco-core:description"] = ". ".join(filter(None, (case.title, case.purpose)))
        if case.authority_kind or case.authority_reference:
            authority: Node = {}
            if case.authority_kind:
                authority["case-investigation:authorizationType"] = case.authority_kind
            if case.authority_reference:
                authority["case-investigation:authorizationIdentifier"] = [case.authority_reference]
            if case.issued:
                authority["uco-core:startTime"] = _time(iso(case.issued))
            if case.expires:
                authority["uco-core:endTime"] = _time(iso(case.expires))
            told["case-investigation:relevantAuthorization"] = [
                self._inner("case-investigation:Authorization", **authority)
            ]
        self._node("case-investigation:Investigation", **told)
