"""Manifests: what a model that is not in the catalogue takes and answers, in a TOML file beside it.

    manifest = read_manifest(Path("osnet_x0_25.toml"))
    manifest.profile, manifest.output.dimension

`osnet_x0_25.toml` lies beside `osnet_x0_25.onnx`. Its fields are described in
docs/reference/model-manifests.md; every one is checked, and one that is not known is refused.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from reidsearch.base.errors import Kind, ModelError, Refused
from reidsearch.base.foreign_errors import exhausted
from reidsearch.base.reading import parse_toml, read_text, require_label
from reidsearch.base.said import said
from reidsearch.vision.models.profile import COLOURS, FITS, INTERPOLATIONS, ZOO, Profile, Three

FORMAT = 1
LARGEST_SIDE_PX = 4096
MOST_DIMENSIONS = 4096

Role = Literal["re-id", "detector", "attributes"]
Meaning = Literal["embedding", "ssd", "boxes-labels", "crossroad-0230"]
ROLES = get_args(Role)
MEANINGS: Mapping[str, tuple[Meaning, ...]] = {
    "re-id": ("embedding",),
    "detector": ("ssd", "boxes-labels"),
    "attributes": ("crossroad-0230",),
}
"""Role -> what such a model's answer can mean. `ssd`: (1, 1, n, 7), rows of image, label,
confidence, corners as shares of the picture. `boxes-labels`: (n, 5), corners in pixels of the
picture and confidence, and (n,) labels. `crossroad-0230`: as the catalogue's attributes model."""

PARTS = {".onnx": ("onnx",), ".xml": ("bin", "xml")}
"""Ending of a model -> endings of its files."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a model answers.

    Args:
        names: of the outputs that are used; empty: it has only these. Of `boxes-labels` the boxes'
            and the labels'.
        dimension: of an embedding; 0 for other roles.
        normalised: whether the embedding is of unit length already.
        person_label: of a detector, what people are labelled with; None: all are people.
    """

    meaning: Meaning
    names: tuple[str, ...] = ()
    dimension: int = 0
    normalised: bool = False
    person_label: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model's manifest.

    Args:
        licence: of the weights, in words or as an SPDX identifier.
        source: where the file comes from.
        sha256: ending of each of the model's files -> SHA-256, hexadecimal.
    """

    role: Role
    width_px: int
    height_px: int
    profile: Profile
    output: Output
    licence: str
    source: str
    sha256: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the manifest as JSON takes it."""
        profile = self.profile
        taken = {
            "width_px": self.width_px,
            "height_px": self.height_px,
            "colour": profile.colour,
            "mean": list(profile.mean),
            "scale": list(profile.scale),
            "resize": profile.fit,
            "interpolation": profile.interpolation,
            "fill": profile.fill,
        }
        return {
            "role": self.role,
            "licence": self.licence,
            "source": self.source,
            "sha256": dict(self.sha256),
            "input": taken,
            "output": asdict(self.output) | {"names": list(self.output.names)},
        }

    def text(self) -> str:
        """Return the manifest as TOML, which `read_manifest` reads."""
        profile, output = self.profile, self.output
        lines = [f"manifest = {FORMAT}", f"role = {json.dumps(self.role)}"]
        lines += [f"licence = {_quoted(self.licence)}", f"source = {_quoted(self.source)}"]
        lines += ["", "[sha256]"]
        lines += [f'{name} = "{digest}"' for name, digest in sorted(self.sha256.items())]
        lines += ["", "[input]", f"width_px = {self.width_px}", f"height_px = {self.height_px}"]
        lines += [f'colour = "{profile.colour}"']
        lines += [f"mean = {list(profile.mean)}", f"scale = {list(profile.scale)}"]
        lines += [f'resize = "{profile.fit}"', f'interpolation = "{profile.interpolation}"']
        if profile.fit == "letterbox":
            lines.append(f"fill = {profile.fill}")
        lines += ["", "[output]", f'meaning = "{output.meaning}"']
        if output.names:
            lines.append(f"names = [{', '.join(_quoted(name) for name in output.names)}]")
        if self.role == "re-id":
            lines.append(f"dimension = {output.dimension}")
            lines.append(f"normalised = {str(output.normalised).lower()}")
        if output.person_label is not None:
            lines.append(f"person_label = {output.person_label}")
        return "\n".join(lines) + "\n"


def manifest_of(model: Path) -> Path:
    """Return where the manifest of a model's file lies, if it has one."""
    return model.with_suffix(".toml")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ModelError: it cannot be read, or a field is missing, unknown or not allowed; the message
            names the file, the field and what is allowed.
    """
    try:
        table = parse_toml(read_text(path))
    except (Refused, ValueError) as error:
        why = error.message if isinstance(error, Refused) else f"it is not TOML: {error}"
        raise _bad(path, why) from error
    top = _Fields(path, "", table)
    if top.whole("manifest", 1, FORMAT) != FORMAT:
        raise _bad(path, f"manifest must be {FORMAT}")
    role: Role = top.choice("role", ROLES)
    licence, source = top.label("licence"), top.label("source")
    digests, taken, given = top.part("sha256"), top.part("input"), top.part("output")
    top.end()
    sha256 = {name: digests.digest(name) for name in digests.parts()}
    digests.end()
    width, height = (taken.whole(name, 8, LARGEST_SIDE_PX) for name in ("width_px", "height_px"))
    profile = _profile(taken, role)
    output = _output(given, role)
    return Manifest(role, width, height, profile, output, licence, source, sha256)


def _profile(taken: _Fields, role: Role) -> Profile:
    fits: Sequence[str] = FITS if role == "re-id" else ("stretch",)
    ways: Sequence[str] = (
        INTERPOLATIONS
        if role == "re-id"
        else (("area",) if role == "detector" else (ZOO.interpolation,))
    )
    fit = taken.choice("resize", fits)
    profile = Profile(
        taken.choice("colour", COLOURS),
        taken.three("mean", least=None),
        taken.three("scale", least=0.0),
        fit,
        taken.choice("interpolation", ways),
        taken.whole("fill", 0, 255) if fit == "letterbox" else 0,
    )
    taken.end()
    return profile


def _output(given: _Fields, role: Role) -> Output:
    meaning: Meaning = given.choice("meaning", MEANINGS[role])
    names = given.names("names", 2 if meaning == "boxes-labels" else 1)
    label = None
    dimension, normalised = 0, False
    if role == "re-id":
        dimension = given.whole("dimension", 2, MOST_DIMENSIONS)
        normalised = given.flag("normalised")
    elif role == "detector" and given.has("person_label"):
        label = given.whole("person_label", 0, 10_000)
    given.end()
    return Output(meaning, names, dimension, normalised, label)


def sha256_of(path: Path) -> str:
    """SHA-256 of a model's file, hexadecimal.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        if resource := exhausted(error, str(path)):
            raise resource from error
        raise ModelError(f"cannot read {path}: {said(error)}") from error


def sha256s_of(model: Path) -> dict[str, str]:
    """Return the digests of all files of a model, as a manifest states them."""
    parts = PARTS[model.suffix.lower()]
    return {part: sha256_of(file_of(model, part)) for part in parts}


def require_files(manifest: Manifest, path: Path, model: Path) -> None:
    """Refuse a manifest that is of other files than the model's.

    Raises:
        ModelError: naming manifest, file and both digests.
    """
    parts = PARTS[model.suffix.lower()]
    if set(manifest.sha256) != set(parts):
        raise _bad(path, f"[sha256] must hold {' and '.join(parts)} for {model.name}")
    for part in parts:
        file = file_of(model, part)
        found = sha256_of(file)
        if found != manifest.sha256[part]:
            raise _bad(
                path, f"[sha256] {part} is {manifest.sha256[part]}, but {file} has {found}: it is "
                "the manifest of another file",
            )  # fmt: skip


def file_of(model: Path, part: str) -> Path:
    """Return that file of a model whose ending is `part`."""
    return model if model.suffix.lower() == f".{part}" else model.with_suffix(f".{part}")


class _Fields:
    """The fields of one section, each taken once and checked; what is left over is refused."""

    def __init__(self, path: Path, section: str, table: dict[str, Any]) -> None:
        self.path, self.section, self.table = path, section, table
        self._taken: list[str] = []

    def _take(self, name: str, allowed: str) -> object:
        self._taken.append(name)
        if name not in self.table:
            raise self._wrong(f"{self._named(name)} is missing; it must be {allowed}")
        return self.table[name]

    def _named(self, name: str) -> str:
        return f"[{self.section}] {name}" if self.section else name

    def _wrong(self, text: str) -> ModelError:
        return _bad(self.path, text)

    def _not(self, name: str, allowed: str) -> ModelError:
        return self._wrong(f"{self._named(name)} is {self.table[name]!r}, not {allowed}")

    def has(self, name: str) -> bool:
        """Whether a field that may be left out is there."""
        self._taken.append(name)
        return name in self.table

    def choice(self, name: str, allowed: Sequence[str]) -> Any:
        told = " or ".join(map(repr, allowed))
        if (value := self._take(name, told)) not in allowed:
            raise self._not(name, told)
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        told = f"a whole number from {least} to {most}"
        value = self._take(name, told)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._not(name, told)
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name, "true or false")
        if not isinstance(value, bool):
            raise self._not(name, "true or false")
        return value

    def three(self, name: str, least: float | None) -> Three:
        above = "" if least is None else f" above {least:g}"
        told = f"three numbers{above} in grey levels, such as [123.675, 116.28, 103.53]"
        value = self._take(name, told)
        if not isinstance(value, list) or len(value) != 3:
            raise self._not(name, told)
        for one in value:
            usual = isinstance(one, int | float) and not isinstance(one, bool)
            if not usual or not abs(one) <= 1e6 or (least is not None and one <= least):
                raise self._not(name, told)
        first, second, third = map(float, value)
        return first, second, third

    def label(self, name: str) -> str:
        value = self._take(name, "a text")
        try:
            if not isinstance(value, str) or not value.isprintable():
                raise ValueError
            require_label(value, name)
        except ValueError as error:
            raise self._not(name, "a printable text of 1 to 1000 characters") from error
        return value

    def names(self, name: str, count: int) -> tuple[str, ...]:
        """Names of outputs; none where the field is missing."""
        if not self.has(name):
            return ()
        told = f"a list of {count} name{'s' if count > 1 else ''} of outputs"
        value = self._take(name, told)
        texts = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
        if not isinstance(value, list) or not texts or len(value) != count:
            raise self._not(name, told)
        return tuple(value)

    def digest(self, name: str) -> str:
        told = "64 hexadecimal digits"
        value = self._take(name, told)
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            raise self._not(name, f"{told}, a-f in small letters")
        return value

    def parts(self) -> tuple[str, ...]:
        """Which files this section of digests is of."""
        found = next((each for each in PARTS.values() if set(each) & set(self.table)), None)
        if found is None:
            raise self._wrong("[sha256] must hold onnx, or bin and xml")
        return found

    def part(self, name: str) -> _Fields:
        value = self._take(name, "a section")
        if not isinstance(value, dict):
            raise self._wrong(f"{name} is {value!r}, not a section [{name}]")
        return _Fields(self.path, name, value)

    def end(self) -> None:
        """Refuse what nobody asked for."""
        for name in self.table:
            if name not in self._taken:
                near = difflib.get_close_matches(name, self._taken, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(self._taken)}"
                where = f"[{self.section}] has" if self.section else "there is"
                raise self._wrong(f"{where} no field {name!r} for this role; {hint}")


def _quoted(text: str) -> str:
    """A TOML text: JSON's escapes are TOML's, for what is printable."""
    return json.dumps(text, ensure_ascii=False)


def _bad(path: Path, why: str) -> ModelError:
    return ModelError(f"{path}: {why}", kind=Kind.MODEL_MANIFEST_BAD, file=path)
