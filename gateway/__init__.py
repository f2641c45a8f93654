"""A prior-authorization gateway between EHRs and payers (HL7 Da Vinci PAS)."""

__version__ = "0.1.0"
