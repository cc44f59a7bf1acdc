"""ML Jobs from Python: submit a file or a folder, look at jobs, have their results."""

from sfml.jobs.api import get_job, get_job_status, list_jobs, submit_directory, submit_file

__all__ = ["get_job", "get_job_status", "list_jobs", "submit_directory", "submit_file"]
