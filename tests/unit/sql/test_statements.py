from __future__ import annotations

import pytest

from sfml import sql
from sfml.errors import InputError
from sfml.sql import Kind, Privilege

SPEC = {"spec": {"containers": [{"name": "main", "image": "/d/s/r/i:1"}]}}
SOURCE = 'FROM SPECIFICATION $${"spec":{"containers":[{"image":"/d/s/r/i:1","name":"main"}]}}$$'


def test_create_service__all_properties__stand_after_the_specification_in_the_documented_order() -> None:
    text = sql.create_service(
        "db.public.box", pool="gpu_pool", source=sql.specification(SPEC), min_instances=2, max_instances=3,
        auto_resume=False, auto_suspend_secs=600, integrations=["pypi_eai", '"Mixed"'], warehouse="wh",
        comment="it's",
    )  # fmt: skip
    assert text == (
        f"CREATE SERVICE DB.PUBLIC.BOX IN COMPUTE POOL GPU_POOL {SOURCE} AUTO_SUSPEND_SECS = 600 "
        'EXTERNAL_ACCESS_INTEGRATIONS = (PYPI_EAI, "Mixed") AUTO_RESUME = FALSE MIN_INSTANCES = 2 '
        "MAX_INSTANCES = 3 QUERY_WAREHOUSE = WH COMMENT = 'it''s'"
    )


def test_create_service__max_below_min__is_refused() -> None:
    with pytest.raises(InputError, match="below min instances"):
        sql.create_service("s", pool="p", source="", min_instances=3, max_instances=2)


def test_execute_job_service__all_properties__stand_before_the_specification() -> None:
    text = sql.execute_job_service(
        pool="p", source=sql.specification(SPEC), job="db.s.j", replicas=4, integrations=["e"],
        warehouse="wh", comment="c",
    )  # fmt: skip
    assert text == (
        "EXECUTE JOB SERVICE IN COMPUTE POOL P NAME = DB.S.J ASYNC = TRUE REPLICAS = 4 QUERY_WAREHOUSE = WH "
        f"COMMENT = 'c' EXTERNAL_ACCESS_INTEGRATIONS = (E) {SOURCE}"
    )


def test_execute_job_service__no_name__lets_the_server_choose() -> None:
    text = sql.execute_job_service(pool="p", source=SOURCE, asynchronous=False)
    assert text == f"EXECUTE JOB SERVICE IN COMPUTE POOL P ASYNC = FALSE {SOURCE}"


def test_specification_template__values__are_quoted_and_two_dollars_refused() -> None:
    text = sql.specification_template("spec: {{ x }}", {"x": "a'b", "n": 3})
    assert text == "FROM SPECIFICATION_TEMPLATE $$spec: {{ x }}$$ USING (x => 'a''b', n => 3)"
    with pytest.raises(InputError, match=r"line 1 of the text holds \$\$"):
        sql.specification_template("a: $$")


def test_create_compute_pool__defaults__cost_nothing_until_used() -> None:
    assert sql.create_compute_pool("p", family="GPU_NV_S") == (
        "CREATE COMPUTE POOL IF NOT EXISTS P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = GPU_NV_S "
        "AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND_SECS = 300"
    )


def test_create_compute_pool__family_with_sql_inside__is_refused() -> None:
    with pytest.raises(InputError):
        sql.create_compute_pool("p", family="X AUTO_RESUME = TRUE; DROP")


def test_create_stage__any__is_encrypted_server_side() -> None:
    assert sql.create_stage("db.s.st") == (
        "CREATE STAGE IF NOT EXISTS DB.S.ST ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE') DIRECTORY = (ENABLE = TRUE)"
    )


def test_network__rule_and_integration__name_hosts_and_rules() -> None:
    assert sql.create_network_rule("db.s.r", hosts=["pypi.org", "x.io:8080"]) == (
        "CREATE NETWORK RULE IF NOT EXISTS DB.S.R TYPE = HOST_PORT "
        "VALUE_LIST = ('pypi.org', 'x.io:8080') MODE = EGRESS"
    )
    assert sql.create_external_access_integration("e", rules=["db.s.r"], secrets=["db.s.t"]) == (
        "CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS E ALLOWED_NETWORK_RULES = (DB.S.R) "
        "ALLOWED_AUTHENTICATION_SECRETS = (DB.S.T) ENABLED = TRUE"
    )


def test_grant__on_account_and_on_an_object__and_back() -> None:
    assert sql.grant([Privilege.BIND_SERVICE_ENDPOINT], None, None, role="r") == (
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE R"
    )
    assert sql.grant([Privilege.READ, Privilege.WRITE], Kind.IMAGE_REPOSITORY, "d.s.r", role='"My role"') == (
        'GRANT READ, WRITE ON IMAGE REPOSITORY D.S.R TO ROLE "My role"'
    )
    assert sql.revoke([Privilege.USAGE], Kind.COMPUTE_POOL, "p", role="r") == (
        "REVOKE USAGE ON COMPUTE POOL P FROM ROLE R"
    )


def test_show__kinds__have_their_plural_and_container() -> None:
    assert sql.show(Kind.IMAGE_REPOSITORY, like="it's_", inside="db.s") == (
        "SHOW IMAGE REPOSITORIES LIKE 'it''s_' IN SCHEMA DB.S"
    )
    assert sql.show(Kind.SCHEMA, inside="db") == "SHOW SCHEMAS IN DATABASE DB"
    assert sql.show(Kind.COMPUTE_POOL) == "SHOW COMPUTE POOLS"


def test_alter__service_and_pool__take_a_change() -> None:
    assert sql.alter_service("s", "SUSPEND") == "ALTER SERVICE S SUSPEND"
    assert sql.alter_compute_pool("p", sql.set_properties(max_nodes=2, comment="x")) == (
        "ALTER COMPUTE POOL P SET MAX_NODES = 2 COMMENT = 'x'"
    )


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (sql.show_services(), "SHOW SERVICES EXCLUDE JOBS IN ACCOUNT"),
        (sql.show_services(inside="db"), "SHOW SERVICES EXCLUDE JOBS IN DATABASE DB"),
        (sql.show_services(jobs=sql.Jobs.TOO, inside='db."s x"'), 'SHOW SERVICES IN SCHEMA DB."s x"'),
        (sql.show_services(jobs=sql.Jobs.ONLY, pool="p"), "SHOW JOB SERVICES IN COMPUTE POOL P"),
        (sql.show_endpoints("db.s.web"), "SHOW ENDPOINTS IN SERVICE DB.S.WEB"),
        (sql.show_instances("web"), "SHOW SERVICE INSTANCES IN SERVICE WEB"),
        (sql.show_images("db.s.images"), "SHOW IMAGES IN IMAGE REPOSITORY DB.S.IMAGES"),
        (sql.drop_service("web"), "DROP SERVICE WEB"),
        (sql.drop_service("web", force=True), "DROP SERVICE WEB FORCE"),
        (sql.wait_for("web", seconds=5, state="RUNNING"), "CALL WEB!SPCS_WAIT_FOR('RUNNING', 5)"),
        (
            sql.service_events("db.s.web", limit=5),
            "SELECT * FROM TABLE(DB.S.WEB!SPCS_GET_EVENTS()) ORDER BY TIMESTAMP DESC LIMIT 5",
        ),
    ],
)
def test_service_statements__names__are_resolved_and_quoted(statement: str, text: str) -> None:
    assert statement == text


@pytest.mark.parametrize("evil", ["web; DROP TABLE x", '"a b"', "web FORCE", "web)"])
def test_service_statements__no_service_name__is_refused(evil: str) -> None:
    for build in (sql.show_endpoints, sql.show_instances, sql.drop_service):
        with pytest.raises(InputError):
            build(evil)
