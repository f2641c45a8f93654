"""The versions of PAS this payer speaks, and where they differ: one row of plain values each (PAS 2.0.1 and 2.2.1).

Written by hand from the two packages. The checks and the answers are told apart by these rows and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.sandbox import names


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """What a request must say.

    Attributes:
        most_claims: Claims one Bundle may hold.
        most_identifiers: trace numbers one Claim may have.
        claim_types: codes Claim.type may have; empty where the guide leaves other codes open.
        optional: rules of elements that may be left out, but must be right when they are there.
        waived: rules the version does not have at all.
        extensions: names of the extensions the guide defines; any other under its address is a slip.
    """

    most_claims: int
    most_identifiers: int
    claim_types: frozenset[str]
    optional: frozenset[str]
    waived: frozenset[str]
    extensions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShape:
    """How an answer is written.

    Attributes:
        has_queued: an answer that leaves items open says so in `outcome`: queued when all are, partial when some.
        has_bundle_identifier: the Response Bundle has an identifier of its own.
        has_add_item: what is authorized instead stands in addItem, and authorizedItemDetail restates the request;
            otherwise authorizedItemDetail says what is authorized where that differs from the request.
        has_transmission: sender and receiver are named.
        has_reviewer: it is said whether a person reviewed.
        has_error_parts: errorElement has parts; otherwise it is a plain string.
        has_inquiry_parameters: an inquiry is answered with Parameters of Bundles; otherwise with one Bundle.
        revenue: url of the revenue code in authorizedItemDetail.
    """

    has_queued: bool
    has_bundle_identifier: bool
    has_add_item: bool
    has_transmission: bool
    has_reviewer: bool
    has_error_parts: bool
    has_inquiry_parameters: bool
    revenue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the guide.

    Attributes:
        number: as in its package, e.g. `2.2.1`.
        path: of the FHIR base, below the origin.
        published: the guide's date, and that of the CapabilityStatement.
    """

    number: str
    path: str
    published: str
    request: RequestRules
    answer: AnswerShape


_IN_BOTH = """
administrationReferenceNumber authorizationNumber careTeamClaimScope certificationType communicatedDiagnosis
conditionCode contentModifier diagnosisRecordedDate epsdtIndicator errorElement errorFollowupAction errorPath
homeHealthCareInformation identifierJurisdiction identifierSubDepartment infoChanged itemAuthorizedDetail
itemAuthorizedProvider itemCertificationEffectiveDate itemCertificationExpirationDate itemCertificationIssueDate
itemPreAuthIssueDate itemPreAuthPeriod itemRequestedServiceDate itemTraceNumber levelOfServiceCode militaryStatus
nursingHomeLevelOfCare nursingHomeResidentialStatus patientStatus productOrServiceCodeEnd requestedService
revenueUnitRateLimit reviewAction reviewActionCode serviceItemRequestType serviceLineNumber timingcalendarpattern
timingdeliverypattern
"""
_ONLY_2_0_1 = "paLineNumber"
_ONLY_2_2_1 = """
TransmissionIdentifiers admissionDates authorizedProviderType claimResponseReviewer dischargeDate documentInformation
itemCategory revenueCode
"""


def _extensions(*texts: str) -> frozenset[str]:
    plain = (name for text in texts for name in text.split())
    return frozenset(f"extension-{name}" for name in plain) | {"modifierextension-infoCancelled"}


_PAS_2_0_1 = Version(
    number="2.0.1",
    path="/2.0.1/fhir",
    published="2023-12-01",
    request=RequestRules(
        most_claims=1,
        most_identifiers=1,
        claim_types=frozenset(),
        optional=frozenset({"item-request-type", "item-certification-type", "item-location"}),
        waived=frozenset(
            {
                "document-information",
                "coverage-member-id",
                "coverage-relationship",
                "coverage-one-payor",
                "coverage-subscriber",
                "prof-1",
                "prof-2",
                "prof-3",
            }
        ),
        extensions=_extensions(_IN_BOTH, _ONLY_2_0_1),
    ),
    answer=AnswerShape(
        has_queued=True,
        has_bundle_identifier=False,
        has_add_item=False,
        has_transmission=False,
        has_reviewer=False,
        has_error_parts=False,
        has_inquiry_parameters=False,
        revenue="revenue",
    ),
)

_PAS_2_2_1 = Version(
    number="2.2.1",
    path="/fhir",
    published="2026-03-27",
    request=RequestRules(
        most_claims=2,
        most_identifiers=2,
        claim_types=frozenset({"institutional", "professional", "oral"}),
        optional=frozenset(),
        waived=frozenset(),
        extensions=_extensions(_IN_BOTH, _ONLY_2_2_1),
    ),
    answer=AnswerShape(
        has_queued=False,
        has_bundle_identifier=True,
        has_add_item=True,
        has_transmission=True,
        has_reviewer=True,
        has_error_parts=True,
        has_inquiry_parameters=True,
        revenue=names.REVENUE_CODE,
    ),
)

VERSIONS: Mapping[str, Version] = MappingProxyType({each.number: each for each in (_PAS_2_0_1, _PAS_2_2_1)})
CURRENT = _PAS_2_2_1
