"""ML Jobs: what SYSTEM$EXECUTE_ML_JOB makes of its arguments, and the runtimes that jobs name."""
