"""`reidsearch identity photo`: reference photographs of an identity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.decisions import decision_options
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@click.group("photo", cls=CommandGroup)
def command() -> None:
    """Manage reference photographs: add, list, remove.

    A reference photograph is a picture from outside of the archive that is said to show an
    identity: a passport photograph, a still from another recording. It is searched with wherever
    the identity is searched for. No search finds it.
    """


@command.command("add")
@argument("name", callback=text_value, metavar="IDENTITY")
@argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@option("--box", metavar="X,Y,W,H", help="Where in the picture the person is.")
@option(
    "--person", type=click.IntRange(1), metavar="N", help="Which person in the picture (`detect`)."
)
@option("--whole", is_flag=True, help="Take the picture as it is, without detecting people.")
@decision_options
@format_option()
@archive_and_case_options
def add(
    name: str,
    file: Path,
    box: str | None,
    person: int | None,
    whole: bool,
    archive: Address,
    note: str,
    form: str,
) -> None:
    """Say that a picture shows an identity.

    The archive keeps the file as it is, with its SHA-256. Without --box or --person the one person
    in it is taken, as in a picture that is searched with. `reidsearch undo` takes it back.
    """
    from reidsearch.base.errors import Reason, Refused, UsageError
    from reidsearch.cli.query_input import box_of
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_json
    from reidsearch.output.photos import added_json, added_text

    if sum((box is not None, person is not None, whole)) > 1:
        raise UsageError("give one of --box, --person and --whole")
    where = None if box is None else box_of(box)
    with reading_archive(archive) as opened:
        try:
            decision, photo = opened.identities.photos.add(
                name, file, box=where, person=person, whole=whole, note=note
            )
        except Refused as refused:
            if box is None or refused.reason is not Reason.BAD_BOX:
                raise
            raise refused.reworded(f"--box: {refused.message}", UsageError) from refused
        names = opened.identities.names()
    document = added_json(photo, decision_json(decision))
    emit(form, document, added_text(photo, decided(decision, names)))


@command.command("list")
@argument("name", callback=text_value, metavar="IDENTITY")
@format_option()
@archive_and_case_options
def list_(name: str, archive: Address, form: str) -> None:
    """List the reference photographs of an identity."""
    from reidsearch.output.emit import emit
    from reidsearch.output.photos import photos_json, photos_view

    with reading_archive(archive) as opened:
        photos = opened.identities.photos.of(name)
    emit(form, photos_json(photos), photos_view(photos), "photos")


@command.command("remove")
@argument("photo", type=int, metavar="PHOTO")
@decision_options
@format_option()
@archive_and_case_options
def remove(photo: int, archive: Address, note: str, form: str) -> None:
    """Take a reference photograph from its identity, by its number.

    The archive keeps the picture, so that `reidsearch undo` can bring it back.
    `reidsearch delete --identity` deletes it with the identity.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        decision = opened.identities.photos.remove(photo, note=note)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))
