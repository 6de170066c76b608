"""Aval from Python: `aval.export` makes model files of fitted objects, `aval.client` calls a server."""
