"""A prior-authorization gateway between EHRs and payers (HL7 Da Vinci PAS, with CRD and DTR)."""

__version__ = "0.1.0"
