"""The payer sandbox: a PAS payer in 2.0.1 and 2.2.1, with its own process, port, store and reading of the guide."""
