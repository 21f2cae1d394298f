"""Every rpc as a typed function that describes the call, one file for each service."""
