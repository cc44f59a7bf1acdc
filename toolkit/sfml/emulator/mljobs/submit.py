"""SYSTEM$EXECUTE_ML_JOB: from its four arguments to a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Catalog, Kind
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid, missing
from sfml.emulator.mljobs import spec
from sfml.emulator.services import names, references, secrets
from sfml.emulator.services.model import Service
from sfml.emulator.services.new import NewService
from sfml.emulator.services.pools import family
from sfml.emulator.services.services import Services

_FUNCTION = "SYSTEM$EXECUTE_ML_JOB"


def execute_ml_job(
    arguments: tuple[str, str, str, str],
    *,
    jobs: Services,
    catalog: Catalog,
    context: Context,
    query_id: str,
    require: secrets.Require,
) -> Service:
    """The new job; arguments are name, pool, specification options and job options, as the client sends.

    ``require`` is asked for the role's privileges on the integrations and secrets that the job uses.
    """
    name_text, pool_name, spec_text, job_text = arguments
    options, settings = _object(spec_text, "specification"), _object(job_text, "job")
    pool = jobs.pools.get(names.resolve(pool_name))
    name = names.job_name(name_text, context, suffix=_wants_suffix(name_text, settings))
    references.require_free(name, catalog)
    stage = _location(catalog, options, context)
    replicas = _count(settings, "TARGET_INSTANCES", default=1)
    minimum = _count(settings, "MIN_INSTANCES", default=replicas)
    if minimum > replicas:
        raise invalid(f"MIN_INSTANCES {minimum} exceeds TARGET_INSTANCES {replicas}.")
    built = spec.ml_job(
        _checked(options), stage=stage, result=f"{stage}/{name.name}", family=family(pool), minimum=minimum
    )
    secrets.check(secrets.uses(built["spec"]["containers"][0], name), catalog, require)
    return jobs.create(
        NewService(
            name=name,
            pool=pool,
            spec=built,
            owner=context.role,
            replicas=replicas,
            minimum=minimum,
            asynchronous=bool(settings.get("ASYNC")),
            comment=settings.get("COMMENT"),
            query_id=query_id,
            query_warehouse=_warehouse(catalog, settings),
            integrations=_integrations(catalog, settings, require),
        )
    )


def _wants_suffix(name: str, settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("GENERATE_SUFFIX", name.endswith("_")))


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise invalid(f"Invalid {what} options for {_FUNCTION}: {error}.") from None
    if not isinstance(value, dict):
        raise invalid(f"Invalid {what} options for {_FUNCTION}: expected a JSON object.")
    return value


def _checked(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options, if those are there without which there is no container."""
    if not isinstance(options.get("ARGS"), list) or not options["ARGS"]:
        raise invalid(f"Missing ARGS in the specification options for {_FUNCTION}.")
    if not options.get("RUNTIME"):
        raise invalid(f"Missing RUNTIME in the specification options for {_FUNCTION}.")
    for name in ("ENV_VARS", "SPEC_OVERRIDES"):
        if not isinstance(options.get(name) or {}, dict):
            raise invalid(f"Invalid {name} in the specification options for {_FUNCTION}: expected an object.")
    return options


def _count(settings: Mapping[str, Any], name: str, *, default: int) -> int:
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid(f"Invalid {name} '{value}': expected a whole number above 0.")
    return value


def _location(catalog: Catalog, options: Mapping[str, Any], context: Context) -> str:
    """The payload's location with the stage's full name."""
    stage, path = names.stage_location(str(options.get("STAGE_PATH") or ""), context)
    if catalog.get(Kind.STAGE, stage) is None:
        raise missing(Kind.STAGE, str(stage))
    return f"@{names.written(stage)}" + (f"/{path}" if path else "")


def _integrations(catalog: Catalog, settings: Mapping[str, Any], require: secrets.Require) -> tuple[str, ...]:
    """Names of the integrations: each is there, enabled, and the role may use it."""
    given = settings.get("EXTERNAL_ACCESS_INTEGRATIONS") or []
    if not isinstance(given, list):
        raise invalid(f"Invalid EXTERNAL_ACCESS_INTEGRATIONS '{given}': expected a list of names.")
    return references.integrations([names.account_name(str(text)) for text in given], catalog, require)


def _warehouse(catalog: Catalog, settings: Mapping[str, Any]) -> str | None:
    text = settings.get("QUERY_WAREHOUSE")
    if not text:
        return None
    return references.warehouse(names.resolve(str(text)), catalog)
