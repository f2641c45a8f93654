"""A payer that misbehaves on purpose, as a process of its own (`python -m gateway.chaos.payer HOME`).

It shares the FHIR plumbing and the sandbox's list of names with the gateway, and nothing else: what it makes of a
request and what it keeps in its book must not depend on our reading of either.
"""
