"""Typed payer and site profiles, routing, and what a payer's HTTP answer means: data in files, pure rules over it."""
