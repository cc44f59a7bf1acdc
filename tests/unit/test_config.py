"""Where a setting comes from, and that nothing is silently ignored."""

from dataclasses import fields
from pathlib import Path

import pytest

from sfml import config
from sfml.config import Config, owned_name, resolve
from sfml.errors import ConfigError, NoConnectionError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "snowflake"
    folder.mkdir()
    return folder


def env(home: Path, **variables: str) -> dict[str, str]:
    return {"SNOWFLAKE_HOME": str(home), **variables}


def yaml(root: Path, text: str) -> Path:
    path = root / config.FILE_NAME
    path.write_text(text)
    return path


def test_keys__config__have_one_field_each() -> None:
    assert {f.name for f in fields(Config)} - {"origins"} == set(config.KEYS)


def test_resolve__nothing_set__defaults_and_no_connection(tmp_path: Path, home: Path) -> None:
    found = resolve({}, env(home), tmp_path)
    assert found.connection is None
    assert found.compute_pool == config.SYSTEM_POOL
    assert found.state == tmp_path / ".sfml"
    assert found.stage == owned_name("SFML_JOBS", found.user)


def test_resolve__every_layer_has_it__in_order(tmp_path: Path, home: Path) -> None:
    (home / "connections.toml").write_text(
        '[dev]\ndatabase = "toml"\nrole = "toml"\nschema = "toml"\nuser = "ann"\n'
    )
    path = yaml(tmp_path, "connection: dev\ndatabase: file\nschema: file\nwarehouse: file\n")
    found = resolve({"database": "flag"}, env(home, SFML_DATABASE="env", SFML_SCHEMA="env"), tmp_path)
    assert (found.database, found.schema, found.warehouse, found.role) == ("flag", "env", "file", "toml")
    assert found.origins["database"] == "--database"
    assert found.origins["schema"] == "SFML_SCHEMA"
    assert found.origins["warehouse"] == f"{path}:4"
    assert found.origins["role"] == f"{home / 'connections.toml'} [dev]"
    assert found.stage == "SFML_JOBS_ANN"


def test_resolve__config_toml__is_read_where_there_is_no_connections_toml(tmp_path: Path, home: Path) -> None:
    (home / "config.toml").write_text(
        'default_connection_name = "dev"\n[connections.dev]\nschema="s"\n[connections.other]\nschema="o"\n'
    )
    found = resolve({}, env(home), tmp_path)
    assert (found.connection, found.schema) == ("dev", "s")
    assert resolve({"connection": "other"}, env(home), tmp_path).schema == "o"


def test_resolve__default_connection_variable__chooses(tmp_path: Path, home: Path) -> None:
    found = resolve({}, env(home, SNOWFLAKE_DEFAULT_CONNECTION_NAME="dev"), tmp_path)
    assert found.connection == "dev"


def test_resolve__snowflake_default_named_local__does_not_choose_the_local_backend(
    tmp_path: Path, home: Path
) -> None:
    with pytest.raises(NoConnectionError, match="does not choose"):
        resolve({}, env(home, SNOWFLAKE_DEFAULT_CONNECTION_NAME="local"), tmp_path)


@pytest.mark.parametrize("empty", ["", "  "])
def test_resolve__empty_connection_in_the_environment__never_falls_back_to_local(
    empty: str, tmp_path: Path, home: Path
) -> None:
    yaml(tmp_path, "connection: local\n")
    with pytest.raises(NoConnectionError, match="SFML_CONNECTION is set and empty") as caught:
        resolve({}, env(home, SFML_CONNECTION=empty), tmp_path)
    assert "--connection NAME" in str(caught.value.hint)
    assert "--connection local" in str(caught.value.hint)


def test_resolve__local__reads_no_snowflake_file(tmp_path: Path, home: Path) -> None:
    (home / "connections.toml").write_text("this is not toml [")
    assert resolve({"connection": "local"}, env(home), tmp_path).is_local


def test_resolve__broken_connections_toml__is_named(tmp_path: Path, home: Path) -> None:
    (home / "connections.toml").write_text("this is not toml [")
    with pytest.raises(ConfigError, match=r"connections\.toml: is not TOML"):
        resolve({"connection": "dev"}, env(home), tmp_path)


def test_resolve__unknown_key_in_file__names_line_and_nearest(tmp_path: Path, home: Path) -> None:
    path = yaml(tmp_path, "schema: s\ncompute_pol: p\n")
    with pytest.raises(ConfigError) as caught:
        resolve({}, env(home), tmp_path)
    assert str(caught.value) == f"{path}:2: unknown key 'compute_pol'"
    assert caught.value.hint == "Did you mean 'compute_pool'?"


VARIABLES = ["SFML_TEST_SNOW", "SFML_ENTRY", "SFML_INSTALLED", "SFML_RUN", "SFML_BOX_OWNER"]


@pytest.mark.parametrize("name", VARIABLES)
def test_resolve__variable_that_is_no_setting__is_left_alone(name: str, tmp_path: Path, home: Path) -> None:
    assert resolve({}, env(home, **{name: "x"}), tmp_path).connection is None


def test_resolve__unknown_variable__names_the_nearest(tmp_path: Path, home: Path) -> None:
    with pytest.raises(ConfigError, match="SFML_COMPUTEPOOL") as caught:
        resolve({}, env(home, SFML_COMPUTEPOOL="p"), tmp_path)
    assert caught.value.hint == "Did you mean 'SFML_COMPUTE_POOL'?"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b\n", "'key: value' lines"),
        ("schema: [a, b]\n", "schema must be a text"),
        ("schema: true\n", "schema must be a text"),
        ("runtime: 2.10\n", "put it in quotes"),
        ("eai: {a: b}\n", "eai must be a list of names"),
        ("schema: a\nschema: b\n", "second time"),
        ("schema: [\n", "is not YAML"),
    ],
)
def test_resolve__unusable_file__says_where_and_why(
    text: str, problem: str, tmp_path: Path, home: Path
) -> None:
    path = yaml(tmp_path, text)
    with pytest.raises(ConfigError, match=problem) as caught:
        resolve({}, env(home), tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "schema:\n"])
def test_resolve__empty_file__is_as_none(text: str, tmp_path: Path, home: Path) -> None:
    yaml(tmp_path, text)
    assert resolve({}, env(home), tmp_path).schema is None


def test_resolve__lists__from_yaml_and_from_a_variable(tmp_path: Path, home: Path) -> None:
    yaml(tmp_path, "eai: [A, B]\n")
    assert resolve({}, env(home), tmp_path).eai == ("A", "B")
    assert resolve({}, env(home, SFML_EAI="C, D,"), tmp_path).eai == ("C", "D")
    assert resolve({"eai": ("E",)}, env(home), tmp_path).eai == ("E",)


def test_resolve__relative_state__belongs_to_the_project(tmp_path: Path, home: Path) -> None:
    yaml(tmp_path, "state: cache/sfml\n")
    assert resolve({}, env(home), tmp_path).state == tmp_path / "cache" / "sfml"


@pytest.mark.parametrize(
    ("user", "name"),
    [("ann", "J_ANN"), ("Ann.Lee@example.com", "J_ANN_LEE_EXAMPLE_COM"), ("", "J_USER"), ("ü", "J_USER")],
)
def test_owned_name__any_user__is_an_identifier_without_quotes(user: str, name: str) -> None:
    assert owned_name("J", user) == name


def test_connections__variable_for_a_setting__counts_before_the_file(home: Path) -> None:
    (home / "connections.toml").write_text('[my-dev]\nuser = "ann"\nrole = "R"\n[dev]\nuser = "bob"\n')
    found = config.connections(env(home, **{"SNOWFLAKE_CONNECTIONS_MY-DEV_USER": "eve"}))
    assert found["my-dev"].value == {"user": "eve", "role": "R"}
    assert found["dev"].value == {"user": "bob"}
