"""`pa site`: make and check the site profile, which says who asks for authorizations and which key signs."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The site profile: who we are to payers.")

_File = Annotated[
    Path | None, typer.Option("--file", help="The site profile; otherwise PA_SITE or profiles/site.yaml.")
]


@app.command()
def init(
    file: _File = None,
    example: Annotated[bool, typer.Option("--example", help="Fill in an invented clinic.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file; a key that is there stays.")] = False,
    name: Annotated[str, typer.Option(help="Name of the organization that asks.")] = "",
    requestor: Annotated[str, typer.Option(help="Your own short name for it.")] = "",
    npi: Annotated[str, typer.Option(help="Its NPI, ten digits.")] = "",
    tax_id: Annotated[str, typer.Option(help="Its tax id, nine digits.")] = "",
    kind: Annotated[str, typer.Option("--type", help="X12 98 code: 1P provider, FA facility.")] = "1P",
    line: Annotated[str, typer.Option(help="Street line of its address.")] = "",
    city: Annotated[str, typer.Option()] = "",
    state: Annotated[str, typer.Option(help="Two letters.")] = "",
    postal_code: Annotated[str, typer.Option(help="ZIP or ZIP+4.")] = "",
    contact_name: Annotated[str, typer.Option(help="Whom the payer calls.")] = "",
    phone: Annotated[str, typer.Option()] = "",
    email: Annotated[str, typer.Option()] = "",
    known_as: Annotated[list[str] | None, typer.Option(help="How orders name it; may be repeated.")] = None,
    sender_code: Annotated[str, typer.Option(help="GS02, agreed with the payers.")] = "",
    sender_id: Annotated[str, typer.Option(help="ISA06, agreed with the payers.")] = "",
    trace_originator: Annotated[str, typer.Option(help="TRN03: usually 1 and the tax id.")] = "",
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "America/Chicago",
    review: Annotated[str, typer.Option(help="send or hold.")] = "send",
    kid: Annotated[str, typer.Option(help="Name of the signing key.")] = "main",
    alg: Annotated[str, typer.Option(help="ES384 or RS384.")] = "ES384",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a commented site profile and, beside it, a new signing key that only you can read."""
    from gateway.cli.site_template import EXAMPLE, site_yaml

    given = {
        "name": name, "requestor": requestor, "npi": npi, "tax_id": tax_id, "line": line, "city": city, "state": state,
        "postal_code": postal_code, "contact_name": contact_name, "phone": phone, "email": email,
        "known_as": known_as or (), "sender_code": sender_code, "sender_id": sender_id,
        "trace_originator": trace_originator,
    }  # fmt: skip
    chosen = {"type": kind, "time_zone": time_zone, "review": review, "kid": kid, "alg": alg}
    path = file or _default()
    key = path.parent / f"signing-{kid}.pem"
    own = {one: value for one, value in given.items() if value}
    text = site_yaml({"known_as": (), **(EXAMPLE if example else {}), **own, **chosen, "key_file": key.name})
    _refuse_bad(kid, alg, path, force=force)
    made = _write(path, text, key, alg)
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"path": str(path), "key": str(key), "example": example})
        return
    typer.echo(f"{path}: written. {key}: {made}.")
    if example:
        typer.echo("The clinic in it is invented; replace it before a real payer sees it.")
    else:
        typer.echo(f"Fill in what is empty, then: pa site check --file {path}")


@app.command()
def check(file: _File = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Read the site profile and its keys; print what is wrong, or what payers will see."""
    from gateway.adapters.notify.signing import exposed_secrets, load_secrets
    from gateway.adapters.payer.keys import exposed, load_keys
    from gateway.cli import screen
    from gateway.payers.site import load_site

    site = load_site(file or _default())
    published = len(load_keys(site).jwks()["keys"])
    load_secrets(site)
    open_to_others = [row.kid for row in site.signing_keys if exposed(row, site)]
    open_to_others += [one for webhook in site.webhooks for one in exposed_secrets(webhook, site)]
    for name in open_to_others:
        typer.echo(f"warning: the file of secret or signing key {name} can be read by others; chmod 600 it.", err=True)
    if as_json:
        screen.print_json({
            "path": str(site.path),
            "requestors": [{"key": one.key, "name": one.name, "npi": one.npi} for one in site.requestors],
            "keys": [{"kid": row.kid, "alg": row.alg, "active": row.active} for row in site.signing_keys],
            "webhooks": [{"client": one.client, "url": one.url, "events": one.events} for one in site.webhooks],
            "exposed": open_to_others,
        })  # fmt: skip
        return
    for one in site.requestors:
        typer.echo(f"requestor {one.key}: {one.name}, NPI {one.npi}, type {one.type}, sender "
                   f"{one.sender.application_sender_code}/{one.sender.interchange_sender_id}")  # fmt: skip
    for row in site.signing_keys:
        typer.echo(f"key {row.kid}: {row.alg}, {'signs' if row.active else 'published only'}")
    for webhook in site.webhooks:
        typer.echo(f"webhook of {webhook.client}: {webhook.url}, {webhook.events}")
    typer.echo(f"{site.path}: good; {published} key(s) will be published.")


def _default() -> Path:
    from gateway.settings import read_settings

    return read_settings().site_file


def _refuse_bad(kid: str, alg: str, path: Path, *, force: bool) -> None:
    import re

    if not re.fullmatch(r"[A-Za-z0-9_-]+", kid):
        raise typer.BadParameter("write letters, digits, hyphens and underscores.", param_hint="--kid")
    if alg not in ("ES384", "RS384"):
        raise typer.BadParameter("write ES384 or RS384.", param_hint="--alg")
    if path.exists() and not force:
        raise typer.BadParameter(f"{path} is there already; give another --file, or --force to replace it.")


def _write(path: Path, text: str, key: Path, alg: str) -> str:
    from gateway.adapters.payer.keys import write_key

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_key(key, alg)
        made = "a new key, readable by you only"
    except FileExistsError:
        made = "was there and is kept"
    path.write_text(text, encoding="utf-8")
    return made
