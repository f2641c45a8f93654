"""What the sandbox says about itself: CapabilityStatement and SMART configuration."""

from typing import Any

from gateway.sandbox.clients import ALGORITHMS, AuthMethod
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.names import PAS
from gateway.sandbox.scopes import SUBMIT
from gateway.sandbox.versions import Version


def smart_configuration(config: SandboxConfig) -> dict[str, Any]:
    """`.well-known/smart-configuration` (SMART App Launch 2, Backend Services)."""
    return {
        "token_endpoint": config.token_url,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [method.value for method in AuthMethod],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": [SUBMIT, "system/Claim.crus", "system/Claim.write"],
        "response_types_supported": [],
        "capabilities": [
            "client-confidential-asymmetric",
            "client-confidential-symmetric",
            "permission-v1",
            "permission-v2",
        ],
    }


def capability_statement(config: SandboxConfig, version: Version) -> dict[str, Any]:
    """What this server can do in a version; dated with the guide, because it changes with it."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": version.published,
        "kind": "instance",
        "instantiates": [f"{PAS}CapabilityStatement/IntermediaryCapabilities"],
        "software": {"name": "Payer sandbox"},
        "implementation": {"description": "Payer sandbox: invented decisions", "url": config.base_url(version)},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "implementationGuide": [f"{PAS}ImplementationGuide/hl7.fhir.us.davinci-pas|{version.number}"],
        "rest": [{"mode": "server", "security": _security(config), "resource": [_CLAIM, _BUNDLE]}],
    }


_CLAIM = {
    "type": "Claim",
    "operation": [
        {"name": "submit", "definition": f"{PAS}OperationDefinition/Claim-submit"},
        {"name": "inquire", "definition": f"{PAS}OperationDefinition/Claim-inquiry"},
    ],
}
_BUNDLE = {
    "type": "Bundle",
    "operation": [{"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}],
}


def _security(config: SandboxConfig) -> dict[str, Any]:
    service = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
    return {
        "service": [{"coding": [service]}],
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": "token", "valueUri": config.token_url}],
            }
        ],
    }
