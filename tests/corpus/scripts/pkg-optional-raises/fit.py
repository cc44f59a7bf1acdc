import sys

try:
    import orjson
except ImportError as error:
    raise SystemExit("pip install orjson") from error

try:
    import duckdb
except ImportError:
    print("pip install duckdb")
    sys.exit(1)

try:
    import pyarrow
finally:
    print("imports done")

print(orjson.dumps([1]), duckdb.sql("select 1"), pyarrow.array([1]))
