"""Payers over HTTP: one egress client, OAuth, keys, and the submit call."""
