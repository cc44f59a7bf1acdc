"""Specs of services and jobs: model, checks, rendering. No network, no subprocess."""
