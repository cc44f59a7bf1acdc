"""Statements and the commands they stand for."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfml.emulator.faults import Fault
from sfml.emulator.statements import Inputs, parse
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName, SchemaName, ShowFilter, StagePath
from sfml.emulator.statements.tokens import Kind, tokenize

POOL = {"MIN_NODES": 1, "MAX_NODES": 2, "INSTANCE_FAMILY": "CPU_X64_XS"}
ACCOUNT = c.Securable(kind="ACCOUNT")

CASES: list[tuple[str, c.Command]] = [
    # sessions
    ("use db1", c.UseDatabase(name="DB1")),
    ('use database "my db"', c.UseDatabase(name="my db")),
    ("use db1.s1", c.UseSchema(name=SchemaName(name="S1", database="DB1"))),
    ("use schema s1", c.UseSchema(name=SchemaName(name="S1"))),
    ("use schema identifier('db1.s1')", c.UseSchema(name=SchemaName(name="S1", database="DB1"))),
    ("use warehouse wh", c.UseWarehouse(name="WH")),
    ("use role sysadmin", c.UseRole(name="SYSADMIN")),
    ("use secondary roles none", c.UseSecondaryRoles(mode="NONE")),
    ("alter session set query_tag = 'x', timezone='UTC'",
     c.AlterSession(options={"QUERY_TAG": "x", "TIMEZONE": "UTC"})),
    ("alter session set autocommit = false", c.AlterSession(options={"AUTOCOMMIT": False})),
    ("alter session unset query_tag, timezone", c.AlterSession(unset=("QUERY_TAG", "TIMEZONE"))),
    ("set x = 1 + (2)", c.SetVariables(names=("X",), expressions=("1 + (2)",))),
    ("set (a, b) = ('x', 2)", c.SetVariables(names=("A", "B"), expressions=("'x'", "2"))),
    ("unset x", c.UnsetVariables(names=("X",))),
    ("begin transaction", c.Transaction(action="BEGIN")),
    ("start transaction name t", c.Transaction(action="BEGIN")),
    ("commit work", c.Transaction(action="COMMIT")),
    ("rollback", c.Transaction(action="ROLLBACK")),
    ("show parameters like 'QUERY_TAG'", c.ShowParameters(filter=ShowFilter(like="QUERY_TAG"))),
    ("show parameters like 'event_table' in account",
     c.ShowParameters(filter=ShowFilter(like="event_table", scope_kind="ACCOUNT"))),
    ("show parameters for session", c.ShowParameters(filter=ShowFilter(scope_kind="SESSION"))),
    ("show parameters in service db1.s1.svc",
     c.ShowParameters(filter=ShowFilter(scope_kind="SERVICE", scope_name=("DB1", "S1", "SVC")))),
    ("show regions", c.ShowRegions()),
    ("show terse tables like 't' in schema d.s", c.ShowTables(
        kind="TABLES", terse=True, filter=ShowFilter(like="t", scope_kind="SCHEMA", scope_name=("D", "S")))),
    ("show views in account", c.ShowTables(kind="VIEWS", filter=ShowFilter(scope_kind="ACCOUNT"))),
    # databases, schemas, warehouses
    ("create transient database if not exists d comment = 'c'",
     c.CreateDatabase(name="D", if_not_exists=True, transient=True, options={"COMMENT": "c"})),
    ("create or replace database d", c.CreateDatabase(name="D", or_replace=True)),
    ("create schema d.s", c.CreateSchema(name=SchemaName(name="S", database="D"))),
    ("alter database d rename to e", c.AlterDatabase(name="D", action="RENAME", new_name="E")),
    ("alter schema s set comment = 'x'",
     c.AlterSchema(name=SchemaName(name="S"), action="SET", options={"COMMENT": "x"})),
    ("drop database if exists d cascade", c.DropDatabase(name="D", if_exists=True)),
    ("drop schema d.s restrict", c.DropSchema(name=SchemaName(name="S", database="D"), restrict=True)),
    ("show terse databases like 'd%' starts with 'D' limit 3 from 'A'", c.ShowDatabases(
        terse=True, filter=ShowFilter(like="d%", starts_with="D", limit=3, from_="A"))),
    ("show schemas history in d",
     c.ShowSchemas(history=True, filter=ShowFilter(scope_kind="DATABASE", scope_name=("D",)))),
    ("show schemas in account", c.ShowSchemas(filter=ShowFilter(scope_kind="ACCOUNT"))),
    ("describe database d", c.DescribeDatabase(name="D")),
    ("create warehouse wh warehouse_size = xsmall auto_suspend = 60", c.CreateWarehouse(
        name="WH", options={"WAREHOUSE_SIZE": "XSMALL", "AUTO_SUSPEND": 60})),
    ("create warehouse wh with warehouse_size = 'XSMALL'",
     c.CreateWarehouse(name="WH", options={"WAREHOUSE_SIZE": "XSMALL"})),
    ("create schema s with managed access comment = 'x'",
     c.CreateSchema(name=SchemaName(name="S"), options={"MANAGED_ACCESS": True, "COMMENT": "x"})),
    ("alter warehouse wh resume if suspended", c.AlterWarehouse(name="WH", action="RESUME IF SUSPENDED")),
    ("drop warehouse if exists wh", c.DropWarehouse(name="WH", if_exists=True)),
    ("show warehouses like 'WH'", c.ShowWarehouses(filter=ShowFilter(like="WH"))),
    # roles, users, grants
    ("create role if not exists r comment='x'",
     c.CreateRole(name="R", if_not_exists=True, options={"COMMENT": "x"})),
    ("create user u password = 'p' default_role = r",
     c.CreateUser(name="U", options={"PASSWORD": "p", "DEFAULT_ROLE": "R"})),
    ("alter user u set rsa_public_key='MII'",
     c.AlterUser(name="U", action="SET", options={"RSA_PUBLIC_KEY": "MII"})),
    ("grant role r to user u", c.GrantRole(role="R", to=c.Grantee(kind="USER", name="U"))),
    ("revoke role r from role s", c.RevokeRole(role="R", from_=c.Grantee(kind="ROLE", name="S"))),
    ("grant create compute pool, bind service endpoint on account to role r with grant option",
     c.GrantPrivileges(privileges=("CREATE COMPUTE POOL", "BIND SERVICE ENDPOINT"), on=ACCOUNT,
                       to=c.Grantee(kind="ROLE", name="R"), grant_option=True)),
    ("grant usage, monitor on compute pool p to role r", c.GrantPrivileges(
        privileges=("USAGE", "MONITOR"), on=c.Securable(kind="COMPUTE POOL", name=("P",)),
        to=c.Grantee(kind="ROLE", name="R"))),
    ("grant all privileges on all stages in schema d.s to role r", c.GrantPrivileges(
        privileges=("ALL",), to=c.Grantee(kind="ROLE", name="R"),
        on=c.Securable(kind="STAGE", name=("D", "S"), bulk="ALL", container="SCHEMA"))),
    ("revoke grant option for read on stage d.s.st from role r cascade", c.RevokePrivileges(
        privileges=("READ",), on=c.Securable(kind="STAGE", name=("D", "S", "ST")),
        from_=c.Grantee(kind="ROLE", name="R"), grant_option_only=True)),
    ("show grants", c.ShowGrants()),
    ("show grants to role r", c.ShowGrants(to=c.Grantee(kind="ROLE", name="R"))),
    ("show grants on account", c.ShowGrants(on=ACCOUNT)),
    ("show grants of role r", c.ShowGrants(of="R")),
    # stages
    ("create stage if not exists d.s.st encryption = ( type = 'SNOWFLAKE_SSE' ) comment = 'c'", c.CreateStage(
        name=ObjectName(name="ST", schema="S", database="D"), if_not_exists=True,
        options={"ENCRYPTION": {"TYPE": "SNOWFLAKE_SSE"}, "COMMENT": "c"})),
    ("create or replace temp stage st directory = (enable = true)", c.CreateStage(
        name=ObjectName(name="ST"), or_replace=True, temporary=True,
        options={"DIRECTORY": {"ENABLE": True}})),
    ("alter stage st refresh", c.AlterStage(name=ObjectName(name="ST"), action="REFRESH")),
    ("drop stage if exists st", c.DropStage(name=ObjectName(name="ST"), if_exists=True)),
    ("show stages in schema d.s",
     c.ShowStages(filter=ShowFilter(scope_kind="SCHEMA", scope_name=("D", "S")))),
    ("desc stage identifier('payload_stage')", c.DescribeStage(name=ObjectName(name="PAYLOAD_STAGE"))),
    ("put 'file:///p/t.py' '@st/a b/app' parallel = 4 source_compression='AUTO_DETECT' auto_compress=False",
     c.Put(source="/p/t.py", target=StagePath(stage=ObjectName(name="ST"), path="a b/app"),
           options={"PARALLEL": 4, "SOURCE_COMPRESSION": "AUTO_DETECT", "AUTO_COMPRESS": False})),
    ("put file:///p/spec.yaml @st/sub auto_compress=false parallel=4 overwrite=True", c.Put(
        source="/p/spec.yaml", target=StagePath(stage=ObjectName(name="ST"), path="sub"),
        options={"AUTO_COMPRESS": False, "PARALLEL": 4, "OVERWRITE": True})),
    ("get '@D.S.ST/x/' 'file:///tmp/t' parallel = 10", c.Get(
        source=StagePath(stage=ObjectName(name="ST", schema="S", database="D"), path="x/"), target="/tmp/t",
        options={"PARALLEL": 10})),
    ('ls @"my stage"', c.ListFiles(location=StagePath(stage=ObjectName(name="my stage")))),
    ("list @~/x pattern='.*py'",
     c.ListFiles(location=StagePath(stage=ObjectName(name="~"), path="x", area="~"), pattern=".*py")),
    ("rm @s.%t", c.RemoveFiles(location=StagePath(stage=ObjectName(name="T", schema="S"), area="%"))),
    ("copy files into @a/x/ from @b/src/ files = ('f.py') detailed_output=false", c.CopyFiles(
        target=StagePath(stage=ObjectName(name="A"), path="x/"), files=("f.py",), detailed=False,
        source=StagePath(stage=ObjectName(name="B"), path="src/"))),
    # pools and services
    ("create compute pool if not exists p min_nodes=1 max_nodes=2 instance_family=CPU_X64_XS",
     c.CreateComputePool(name="P", if_not_exists=True, options=POOL)),
    ("CREATE COMPUTE POOL IDENTIFIER('p') MIN_NODES = 1, MAX_NODES = 2, INSTANCE_FAMILY = 'CPU_X64_XS'",
     c.CreateComputePool(name="P", options=POOL)),
    ("alter compute pool if exists p stop all",
     c.AlterComputePool(name="P", action="STOP ALL", if_exists=True)),
    ("alter compute pool p set max_nodes=3",
     c.AlterComputePool(name="P", action="SET", options={"MAX_NODES": 3})),
    ("alter compute pool p unset comment",
     c.AlterComputePool(name="P", action="UNSET", options={"COMMENT": None})),
    ("drop compute pool p", c.DropComputePool(name="P")),
    ("show compute pools like '%%'", c.ShowComputePools(filter=ShowFilter(like="%%"))),
    ("show compute pool instance families", c.ShowComputePoolInstanceFamilies()),
    ("describe compute pool p", c.DescribeComputePool(name="P")),
    ("describe service d..svc",
     c.DescribeService(name=ObjectName(name="SVC", schema="PUBLIC", database="D"))),
    ("drop service if exists svc force",
     c.DropService(name=ObjectName(name="SVC"), if_exists=True, force=True)),
    ("create or replace snapshot d.s.n from service svc volume \"v\" instance 2 comment='x'",
     c.CreateSnapshot(name=ObjectName(name="N", schema="S", database="D"), service=ObjectName(name="SVC"),
                      volume="v", instance=2, or_replace=True, options={"COMMENT": "x"})),
    ("show job services like 'MLJOB_%'in d.s limit 10", c.ShowServices(
        jobs="ONLY",
        filter=ShowFilter(like="MLJOB_%", scope_kind="SCHEMA", scope_name=("D", "S"), limit=10))),
    ("show services exclude jobs in compute pool p", c.ShowServices(
        jobs="EXCLUDE", filter=ShowFilter(scope_kind="COMPUTE POOL", scope_name=("P",)))),
    ("show service instances in service s.svc",
     c.ShowServiceInstances(name=ObjectName(name="SVC", schema="S"))),
    ("show service containers in service svc", c.ShowServiceContainers(name=ObjectName(name="SVC"))),
    # calls
    ("call system$get_ml_job_runtime('P', '{\"a\": 1}')", c.Call(
        function="SYSTEM$GET_ML_JOB_RUNTIME", column="SYSTEM$GET_ML_JOB_RUNTIME", args=("P", '{"a": 1}'))),
    ("call d.s.svc!spcs_wait_for('DONE', 30)", c.Call(
        function="SPCS_WAIT_FOR", column="SPCS_WAIT_FOR", args=("DONE", 30),
        target=ObjectName(name="SVC", schema="S", database="D"))),
    ("select system$get_service_logs('j', '0', 'main', 500, False, null, -1.5) as logs", c.Call(
        function="SYSTEM$GET_SERVICE_LOGS", column="LOGS",
        args=("j", "0", "main", 500, False, None, Decimal("-1.5")))),
    ("select system$typo(f => 1)",
     c.Call(function="SYSTEM$TYPO", column="SYSTEM$TYPO(F => 1)", named={"F": 1})),
    # constants
    ("select 1", c.SelectConstants(columns=(c.Constant(column="1", value=1),))),
    ("select current_role() as r, 'x' as \"y\"", c.SelectConstants(columns=(
        c.Constant(column="R", value=c.ContextFunction(name="CURRENT_ROLE")),
        c.Constant(column="y", value="x")))),
    ("select last_query_id(-2)", c.SelectConstants(columns=(
        c.Constant(column="LAST_QUERY_ID(-2)", value=c.ContextFunction(name="LAST_QUERY_ID", args=(-2,))),))),
    ("select * from table(result_scan('q1'))", c.ResultScan(query_id="q1")),
    ("select * from table(result_scan(last_query_id()))",
     c.ResultScan(query_id=c.ContextFunction(name="LAST_QUERY_ID"))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "command"), CASES, ids=[text for text, _ in CASES])
def test_parse__statement__typed_command(text: str, command: c.Command) -> None:
    assert parse(text) == command


FILLERS = st.sampled_from([" ", "\n", "\t ", " /* ; 'x */ ", " -- it's\n", " // x\n"])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_parse__white_space_comments_and_case__do_not_matter(
    case: tuple[str, c.Command], data: st.DataObject
) -> None:
    text, command = case
    if isinstance(command, (c.SetVariables, c.SelectConstants)) or "typo" in text:
        return  # these keep the text of an expression as it is written
    pieces = [data.draw(FILLERS)]
    for token in tokenize(text):
        word = token.kind is Kind.WORD and data.draw(st.booleans())
        pieces += [token.text.swapcase() if word else token.text, data.draw(FILLERS)]
    assert parse("".join(pieces) + ";") == command


@pytest.mark.parametrize(
    ("text", "binds", "same_as"),
    [
        ("describe stage identifier(?)", ("payload_stage",), "describe stage payload_stage"),
        ('describe service identifier(:1)', ('d."s".x',), 'describe service d."s".x'),
        ("show compute pools like ?", ("P",), "show compute pools like 'P'"),
        ("select system$get_service_logs(?, ?, ?) as x", ("j", "0", "main"),
         "select system$get_service_logs('j', '0', 'main') as x"),
        ("alter session set query_tag = :2", ("a", "b"), "alter session set query_tag = 'b'"),
        ("put ? ?", ("file:///a b", "@st/x"), "put 'file:///a b' '@st/x'"),
    ],
)  # fmt: skip
def test_parse__bound_values__stand_where_literals_would(
    text: str, binds: tuple[object, ...], same_as: str
) -> None:
    assert parse(text, Inputs(binds=binds)) == parse(same_as)


def test_parse__session_variable__stands_for_its_value() -> None:
    command = parse("use database identifier($db)", Inputs(variables={"DB": "d1"}))
    assert command == c.UseDatabase(name="D1")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "000900", "Empty SQL statement"),
        (" ; -- nothing", "000900", "Empty SQL statement"),
        ("selec 1", "001003", "line 1 at position 0 unexpected 'selec'"),
        ("create stage", "001003", "line 1 at position 12 unexpected '<EOF>'"),
        ("create stage select", "001003", "unexpected 'select'"),
        ("use role a b", "001003", "unexpected 'b'"),
        ("drop database a.b", "001003", "unexpected '.'"),
        ("show stages limit 'x'", "001003", "unexpected ''x''"),
        ("create frobnicator x", "001003", "unexpected 'frobnicator'"),
        ("alter compute pool p explode", "001003", "unexpected 'explode'"),
        ("create or replace stage if not exists s", "002024", "OR REPLACE and IF NOT EXISTS"),
        ("create procedure p() returns int as 'x'", "000002", "Unsupported feature 'CREATE PROCEDURE'"),
        ("create or replace model m from y", "000002", "CREATE MODEL"),
        ("show models in schema s", "000002", "SHOW MODEL"),
        ("drop function f(int)", "000002", "DROP FUNCTION"),
        ("create temp database d", "000002", "CREATE TEMP DATABASE"),
        ("create database d with tag (a = 'b')", "000002", "TAG"),
        ("create database d clone e", "000002", "CLONE"),
        ("execute job service in compute pool p", "001003", "'<EOF>'"),
        ("explain select 1", "000002", "EXPLAIN"),
        ("execute immediate 'select 1'", "000002", "EXECUTE IMMEDIATE"),
        ("execute something", "001003", "unexpected 'something'"),
        ("begin select 1", "000002", "Scripting"),
        ("select 1; select 2", "000008", "Actual statement count 2"),
        ("describe stage identifier(?)", "002049", "Bind variable ? not set"),
        ("describe service identifier('a''b; drop')", "000904", "invalid identifier 'a'b; drop'"),
        ("use database identifier($db)", "002211", "Session variable '$DB' does not exist"),
        ("alter session set a = " + "(" * 5000, "001003", "unexpected '('"),
        ("grant role", "001003", "<EOF>"),
        ("grant usage on to role r", "001003", "unexpected 'to'"),
        ("put /tmp/x @st", "001003", "unexpected '/'"),
        ("list st", "001003", "unexpected 'st'"),
        ("call system$f(1 + 1)", "000002", "expression as argument"),
    ],
)
def test_parse__wrong_or_unsupported__fault_in_snowflakes_shape(text: str, code: str, words: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == code
    assert words in caught.value.message


WORDS = """
    create or replace temp stage compute pool if not exists service database schema show like in account limit
    from grant usage on to role identifier ( ) , . = 'x' 'D.S' ? :1 $v $1 @st/x @~ @%t file:///a ! select call
    system$f table result_scan * => ; 1 -2 use alter set unset session begin copy files into put get ls desc
"""
VOCABULARY = st.sampled_from(WORDS.split())


@settings(max_examples=500, deadline=None)
@given(st.lists(VOCABULARY, max_size=12).map(" ".join) | st.text(max_size=40))
def test_parse__anything__command_or_fault(text: str) -> None:
    with contextlib.suppress(Fault):
        parse(text, Inputs(binds=("a",), variables={"V": "b"}))
