"""A stand-in for a foundation model's library: small numbers, real worker processes, real shared memory."""
