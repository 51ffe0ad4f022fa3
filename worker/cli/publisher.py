"""`perpetua publisher`: who may publish what, with which keys, and what was refused at the door."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import MOST_ROWS, Form, FormOption, OutputOption

if TYPE_CHECKING:
    from worker.services.publishers import Given, Publishers
    from worker.settings import Settings

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The publisher, as its messages state it.")]
CompaniesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--company", help="A company it may publish into, once for each; '*' for shared masters. Any, if left out."
    ),
]
TypesOption = Annotated[
    list[str] | None, typer.Option("--type", help="A type it may publish, once for each. Any, if left out.")
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Who may publish, and what.", no_args_is_help=True, rich_markup_mode=None)
    group.command("add")(add)
    group.command("list")(list_publishers)
    group.command("allow")(allow)
    group.command("rotate")(rotate)
    group.command("retire")(retire)
    group.command("revoke")(revoke)
    group.command("audit")(audit)
    group.command("refused")(refused)
    app.add_typer(group, name="publisher")


def add(
    name: NameArgument,
    company: CompaniesOption = None,
    kind: TypesOption = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Give it no key; its messages are then believed.")
    ] = False,
) -> None:
    """Register a publisher, and print its signing key.

    This once, for nobody keeps it.
    """
    from domain.masters import Publisher

    master = Publisher(name=name, companies=company, document_types=_known(kind), requires_signature=not unsigned)
    with _register() as (publishers, settings):
        given = publishers.add(master, None if unsigned else _secret(settings))
    print(f"{name} may publish {_words(kind, 'everything')} into {_words(company, 'every company')}.")
    _show(given)


def allow(name: NameArgument, company: CompaniesOption = None, kind: TypesOption = None) -> None:
    """Say what a publisher may publish, into which companies.

    These types into these companies, and nothing else.
    """
    types = _known(kind)
    with _register() as (publishers, _):
        publishers.allow(name, company, types)
    print(f"{name} may publish {_words(kind, 'everything')} into {_words(company, 'every company')}.")


def rotate(name: NameArgument) -> None:
    """Give a publisher another key.

    The one that it has stays in use until it is retired.
    """
    with _register() as (publishers, settings):
        given = publishers.rotate(name, _secret(settings))
    _show(given)
    print(f"Once {name} signs with it everywhere: perpetua publisher retire {name} KEY, with the older key's id.")


def retire(name: NameArgument, key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")]) -> None:
    """Take one of a publisher's keys out of use."""
    with _register() as (publishers, _):
        publishers.retire(name, key)
    print(f"Nothing signed with {key} comes in any more.")


def revoke(name: NameArgument) -> None:
    """Let a publisher publish nothing any more. What it published before stays."""
    with _register() as (publishers, _):
        publishers.revoke(name)
    print(f"{name} may publish nothing any more. Lock its login to the broker as well.")


def list_publishers(form: FormOption = Form.TABLE, output: OutputOption = None) -> None:
    """List publishers, what each may publish, its keys' ids.

    Only keys in use are shown.
    """
    from worker.cli.connection import open_database
    from worker.cli.output import write_rows
    from worker.reports import Column
    from worker.services.publishers import master_of
    from worker.store.intake.publishers import known_publishers

    with open_database() as database, database.transaction() as connection:
        known = sorted(known_publishers(connection).values())
    masters = [(master_of(one), one.key_ids) for one in known]
    rows = [
        (
            master.name,
            "disabled" if master.disabled else "signs" if master.requires_signature or keys else "does not sign",
            _words(master.companies, "any"),
            _words(master.document_types, "any"),
            ", ".join(keys),
        )
        for master, keys in masters
    ]
    columns = [Column(name) for name in ("publisher", "state", "companies", "types", "keys")]
    write_rows(tuple(columns), rows, form, "Publishers", output)


def audit(
    publisher: Annotated[str | None, typer.Option(help="Only this publisher.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, the newest first.")] = 1000,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """Show what was refused at the door, and who changed what.

    Newest first.
    """
    from worker.cli.connection import open_database
    from worker.cli.output import write_rows
    from worker.reports import Column, Kind
    from worker.store.intake.publishers import events

    names = ("publisher", "action", "actor", "company", "type", "number", "code", "message_id", "content")
    with open_database() as database, database.transaction() as connection:
        rows = (
            (
                *(event.at, event.publisher, event.action, event.actor, event.company, event.type, event.number),
                *(event.details.get("code") or event.details.get("key_id", ""), event.message_id, event.content_hash),
            )
            for event in events(connection, publisher, limit)
        )
        columns = (Column("at", Kind.TIME), *(Column(name) for name in names))
        write_rows(columns, rows, form, "Publishers: refused and changed", output)


def refused(
    content: Annotated[str, typer.Argument(metavar="CONTENT", help="The hash that the audit names.")],
) -> None:
    """Write a refused message out as it came, byte for byte."""
    from worker.cli.connection import open_database
    from worker.store.intake.publishers import kept_message

    try:
        wanted = bytes.fromhex(content)
    except ValueError:
        raise CommandFailedError(f"{content} is no content hash: perpetua publisher audit names them") from None
    with open_database() as database, database.transaction() as connection:
        kept = kept_message(connection, wanted)
    if kept is None:
        raise CommandFailedError(f"no refused message has the content {content}: perpetua publisher audit names them")
    sys.stdout.buffer.write(kept)


@contextmanager
def _register() -> Iterator[tuple[Publishers, Settings]]:
    from worker.cli.connection import open_database, settings_of_command
    from worker.services.publishers import PublisherError, Publishers

    settings = settings_of_command()
    with open_database() as database:
        try:
            yield Publishers(database, getpass.getuser()), settings
        except PublisherError as error:
            raise CommandFailedError(str(error)) from error


def _secret(settings: Settings) -> str:
    """What keys come from; made up where this machine is all there is. Errors: CommandFailedError."""
    from worker.signing_secret import make_signing_secret, signing_secret

    found = signing_secret(settings)
    if found is not None:
        return found
    if settings.database_url is not None:
        raise CommandFailedError(
            "PERPETUA_SIGNING_SECRET is not set: make one (openssl rand -hex 32) and give it to this command, every intake and every worker"
        )
    return make_signing_secret(settings)


def _known(types: list[str] | None) -> list[str] | None:
    """Types as they were named, all of which exist."""
    from worker.messages import DOCUMENT_TYPES, MASTER_TYPES

    unknown = [kind for kind in types or () if kind not in DOCUMENT_TYPES and kind not in MASTER_TYPES]
    if unknown:
        raise typer.BadParameter(
            f"there is no type {unknown[0]}; there are {', '.join(sorted({*DOCUMENT_TYPES, *MASTER_TYPES}))}"
        )
    return types


def _show(given: Given | None) -> None:
    if given is not None:
        print(f"key {given.key_id}: {given.key}")


def _words(names: list[str] | None, anything: str) -> str:
    return anything if names is None else ", ".join(names) or "nothing"
