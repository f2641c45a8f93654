"""The payer sandbox: a PAS 2.2.1 payer of its own, with its own process, port, store and reading of the guide."""
