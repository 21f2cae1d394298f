"""A believable store to try the service on, to test it with and to measure it."""
