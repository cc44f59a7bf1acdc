"""Services and jobs in containers: run them, watch them, manage them, explain what went wrong."""
