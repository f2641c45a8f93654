"""FHIR R4 plumbing without a prior-authorization word in it: JSON, bundles, FHIRPath, outcomes."""
