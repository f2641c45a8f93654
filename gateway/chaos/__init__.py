"""Proves the promise of the flow (design 4.3): the real gateway, a faulty payer, an EHR, three ledgers."""
