"""Mappings as data: YAML shaped like the output, FHIRPath leaves, CSV code tables; see `mappings/README.md`."""

from gateway.mapping.engine import Mapped, Mappings
from gateway.mapping.evaluation import Step
from gateway.mapping.findings import Finding, MappingFault

__all__ = ["Finding", "Mapped", "MappingFault", "Mappings", "Step"]
