from snowflake.ml.jobs import remote
from snowflake.snowpark import Session

session = Session.builder.getOrCreate()


@remote("CPU_POOL", stage_name="payloads", session=session)
def count(table: str) -> int:
    return Session.builder.getOrCreate().table(table).count()


print(count("ROWS").result())
