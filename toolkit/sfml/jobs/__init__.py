"""ML Jobs from Python: submit a file or a folder, look at jobs, have their results, end and delete them."""

from sfml.jobs.api import (
    cancel_job,
    delete_job,
    get_job,
    get_job_status,
    list_jobs,
    submit_directory,
    submit_file,
    submit_from_stage,
)
from sfml.jobs.remote import remote

__all__ = [
    "cancel_job",
    "delete_job",
    "get_job",
    "get_job_status",
    "list_jobs",
    "remote",
    "submit_directory",
    "submit_file",
    "submit_from_stage",
]
