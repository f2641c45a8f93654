"""The REST API: one FastAPI application over a World; pydantic lives here and the core stays plain."""
