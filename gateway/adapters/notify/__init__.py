"""Webhooks over HTTP: messages signed and sent to the clients that want to be told."""
