"""The simplest ML Job: a script that asks Snowflake where it runs, submitted through the Python API.

Run it with your default connection, or with the local backend:

    python examples/01_hello_world.py
    SFML_CONNECTION=local python examples/01_hello_world.py
"""

import tempfile
from pathlib import Path

from sfml.jobs import submit_file

SCRIPT = """
from snowflake.snowpark import Session

session = Session.builder.getOrCreate()  # inside a job the session is there already
version = session.sql("SELECT CURRENT_VERSION()").collect()[0][0]
print(f"Running on Snowflake: {version}")
"""

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "hello.py")
        script.write_text(SCRIPT)
        result = submit_file(str(script), wait=True)
    print(f"Job {result['job_id']} completed: {result['status']}")
