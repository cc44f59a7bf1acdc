"""The program that stands between the server and one run: it starts the run and ends its whole process tree.

It runs isolated (``python -I -S``) and starts with every job, so it imports little, and no other packages.
"""
