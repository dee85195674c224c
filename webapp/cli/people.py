"""user … and token …: people and their tokens from a terminal; works while the panel runs."""

import sys
from typing import Annotated, Literal

import typer

from webapp.accounts import commands, passwords, people, tokens, validation
from webapp.accounts.people import NewPerson
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.cli.opening import open_installation
from webapp.errors import UserError
from webapp.ports.people import Person
from webapp.settings import load

user = typer.Typer(help="People who may use the panel.", no_args_is_help=True)
token = typer.Typer(help="Tokens by which programs use the panel.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address they sign in with.")]
Role = Annotated[Literal["staff", "admin"], typer.Option(help="What they may do.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from one line of standard input.")]


@user.command("add")
def add_user(email: Email, role: Role, name: str = "", password_stdin: FromStdin = False) -> None:
    """Add a person."""
    _require_stdin(password_stdin)
    address = validation.email(email)
    named = name or validation.name_from(address)
    stored = _hashed_line(address, named)
    new = NewPerson(email=address, name=named, role=role, password_hash=stored)
    installation = open_installation(load())
    with installation.write() as conn:
        added = people.add(conn, installation.settings, new)
        trail.record(conn, AuditAction.ADD, _target(added), f"role: {added.role}")


@user.command("list")
def list_users() -> None:
    """List everybody: address, role, name, and who is disabled."""
    installation = open_installation(load())
    with installation.read() as conn:
        members = people.listing(conn, installation.settings)
    for member in members:
        state = "disabled" if member.is_disabled else "invited" if member.is_invited else ""
        print("\t".join((member.person.email, member.person.role, member.person.name, state)).rstrip())


@user.command("disable")
def disable_user(email: Email) -> None:
    """Disable a person at once; what they made stays."""
    installation = open_installation(load())
    with installation.write() as conn:
        found = people.by_email(conn, installation.settings, email)
        commands.disable(conn, found)
        trail.record(conn, AuditAction.DISABLE, _target(found))


@user.command("password")
def set_password(email: Email, password_stdin: FromStdin = False) -> None:
    """Set a person's password; their sessions and tokens end."""
    _require_stdin(password_stdin)
    installation = open_installation(load())
    with installation.read() as conn:
        found = people.by_email(conn, installation.settings, email)
    stored = _hashed_line(found.email, found.name)
    with installation.write() as conn:
        commands.set_password(conn, found, stored)
        trail.record(conn, AuditAction.CHANGE_PASSWORD, _target(found))


@token.command("add")
def add_token(email: Email, name: Annotated[str, typer.Option(help="What it is for.", show_default=False)]) -> None:
    """Make an API token for a person; it is printed alone on standard output, and never shown again."""
    installation = open_installation(load())
    with installation.write() as conn:
        found = people.by_email(conn, installation.settings, email)
        if people.is_disabled(conn, found.id):
            raise UserError(f"{found.email} is disabled.")
        secret = tokens.add(conn, found.id, name)
        trail.record(conn, AuditAction.ADD, Target(TargetKind.TOKEN, "", name, found.id))
    print(secret)


def _target(person: Person) -> Target:
    return Target(TargetKind.PERSON, person.id, person.email, person.id)


def _require_stdin(is_there: bool) -> None:
    if not is_there:
        raise typer.BadParameter("Give the password on standard input.", param_hint="--password-stdin")


def _hashed_line(address: str, name: str) -> str:
    line = sys.stdin.buffer.readline(8 * passwords.MAX_LENGTH).removesuffix(b"\n").removesuffix(b"\r")
    try:
        password = line.decode()
    except UnicodeDecodeError:
        raise UserError("The password is not text in UTF-8.") from None
    passwords.check_new(password, address, name)
    return passwords.hashed(password)
