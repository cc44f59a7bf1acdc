"""``sfml spec explain`` and ``sfml spec schema``: what the checker knows."""

from __future__ import annotations

import click

from sfml.cli.output import standard
from sfml.errors import NotFoundError, UsageError


@click.command()
@click.argument("name", metavar="RULE|KEY", required=False)
@click.option("--all", "everything", is_flag=True, help="Every rule: the page docs/reference/spec-rules.md.")
def explain(name: str | None, *, everything: bool) -> None:
    """Explain a rule (SPCS042) or a key of the grammar (containers.readinessProbe)."""
    from sfml.specs import pages
    from sfml.specs.rules import BY_ID
    from sfml.specs.suggest import did_you_mean

    if everything:
        standard().line(pages.rules_page().rstrip("\n"))
        return
    if not name:
        raise UsageError("name a rule or a key", hint="sfml spec explain SPCS042")
    rule = BY_ID.get(name.upper())
    if rule:
        standard().line(pages.rule_section(rule).rstrip("\n"))
        return
    field, table = pages.find(name)
    if field is None and table is None:
        hint = (
            did_you_mean(name.upper(), BY_ID)
            or "rules: docs/reference/spec-rules.md; keys: sfml spec explain spec"
        )
        raise NotFoundError(f"there is no rule and no key {name!r}", hint=hint)
    standard().line(pages.field_page(name, field, table))


@click.command()
@click.option("--modeline", is_flag=True, help="Print the comment that makes an editor use the schema.")
def schema(*, modeline: bool) -> None:
    """Print the JSON Schema of a spec."""
    from sfml.specs import schema as schemas

    standard().value(None, text=schemas.MODELINE if modeline else schemas.text().rstrip("\n"))
