"""The container executor: each run is a pod of containers on this machine's engine.

A pod is what it is on Snowflake's nodes: a sandbox container holds the network, and all containers of the run
share it. The sandbox also brings 127.0.0.1 of the pod to the server, which listens nowhere but on loopback.
"""
