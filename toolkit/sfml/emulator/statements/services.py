"""DESCRIBE, DROP and SHOW of services and jobs."""

from __future__ import annotations

from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader


def drop_service(reader: Reader) -> c.Command:
    if_exists = reader.accept("IF", "EXISTS")
    name = reader.object_name()
    force = reader.accept("FORCE")
    reader.end()
    return c.DropService(name=name, if_exists=if_exists, force=force)


def show_services(reader: Reader) -> c.Command:
    jobs = "EXCLUDE" if reader.accept("EXCLUDE", "JOBS") else "BOTH"
    return c.ShowServices(filter=reader.show_filter(scopes=("COMPUTE POOL",)), jobs=jobs)


def show_job_services(reader: Reader) -> c.Command:
    return c.ShowServices(filter=reader.show_filter(scopes=("COMPUTE POOL",)), jobs="ONLY")


def show_instances(reader: Reader) -> c.Command:
    return c.ShowServiceInstances(name=_in_service(reader))


def show_containers(reader: Reader) -> c.Command:
    return c.ShowServiceContainers(name=_in_service(reader))


def _in_service(reader: Reader) -> ObjectName:
    reader.expect("IN", "SERVICE")
    name = reader.object_name()
    reader.end()
    return name
