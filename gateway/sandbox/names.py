"""The names PAS gives to things, written by hand from the guide: extensions, systems, profiles.

Versions 2.0.1 and 2.2.1 use the same names; `versions.py` says what only one of them has.

The sandbox keeps its own list on purpose: a wrong name in the gateway must not be wrong here too.
"""

PAS = "http://hl7.org/fhir/us/davinci-pas/"
STRUCTURES = f"{PAS}StructureDefinition/"
X12 = "https://codesystem.x12.org/005010/"
THO = "http://terminology.hl7.org/CodeSystem/"


def _structure(name: str) -> str:
    return f"{STRUCTURES}{name}"


# Profiles
REQUEST_BUNDLE = _structure("profile-pas-request-bundle")
RESPONSE_BUNDLE = _structure("profile-pas-response-bundle")
INQUIRY_RESPONSE_BUNDLE = _structure("profile-pas-inquiry-response-bundle")
CLAIM_INQUIRY_RESPONSE = _structure("profile-claiminquiryresponse")
CLAIM = _structure("profile-claim")
CLAIM_RESPONSE = _structure("profile-claimresponse")
BENEFICIARY = _structure("profile-beneficiary")
COVERAGE = _structure("profile-coverage")
INSURER = _structure("profile-insurer")
REQUESTOR = _structure("profile-requestor")
PRACTITIONER = _structure("profile-practitioner")
PRACTITIONER_ROLE = _structure("profile-practitionerrole")

# Extensions of the request
TRANSMISSION = _structure("extension-TransmissionIdentifiers")
CARE_TEAM_SCOPE = _structure("extension-careTeamClaimScope")
REQUEST_TYPE = _structure("extension-serviceItemRequestType")
CERTIFICATION_TYPE = _structure("extension-certificationType")
ITEM_TRACE_NUMBER = _structure("extension-itemTraceNumber")
DOCUMENT_INFORMATION = _structure("extension-documentInformation")
CALENDAR_PATTERN = _structure("extension-timingcalendarpattern")
DELIVERY_PATTERN = _structure("extension-timingdeliverypattern")

# Extensions of the response
REVIEW_ACTION = _structure("extension-reviewAction")
REVIEW_ACTION_CODE = _structure("extension-reviewActionCode")  # absolute, although its siblings are relative
REVIEWER = _structure("extension-claimResponseReviewer")
AUTHORIZATION_NUMBER = _structure("extension-authorizationNumber")
ADMINISTRATION_REFERENCE_NUMBER = _structure("extension-administrationReferenceNumber")
ISSUE_DATE = _structure("extension-itemPreAuthIssueDate")
VALID_PERIOD = _structure("extension-itemPreAuthPeriod")
REQUESTED_SERVICE_DATE = _structure("extension-itemRequestedServiceDate")
AUTHORIZED_DETAIL = _structure("extension-itemAuthorizedDetail")
ITEM_CATEGORY = _structure("extension-itemCategory")
REVENUE_CODE = _structure("extension-revenueCode")
FOLLOW_UP_ACTION = _structure("extension-errorFollowupAction")
ERROR_ELEMENT = _structure("extension-errorElement")
ERROR_PATH = _structure("extension-errorPath")

# Code systems
REVIEW_ACTION_SYSTEM = f"{X12}306"
REASON_SYSTEM = "https://codesystem.x12.org/external/886"
REJECT_REASON_SYSTEM = f"{X12}901"
FOLLOW_UP_SYSTEM = f"{X12}889"
REQUEST_TYPE_SYSTEM = f"{X12}1525"
CERTIFICATION_TYPE_SYSTEM = f"{X12}1322"
SERVICE_TYPE_SYSTEM = f"{X12}1365"
RELATIONSHIP_SYSTEM = f"{X12}1069"
UNIT_SYSTEM = f"{X12}673"
ENTITY_TYPE_SYSTEM = f"{X12}98"
CLAIM_TYPE_SYSTEM = f"{THO}claim-type"
PRIORITY_SYSTEM = f"{THO}processpriority"
ADJUDICATION_SYSTEM = f"{THO}adjudication"
IDENTIFIER_TYPE_SYSTEM = f"{THO}v2-0203"
SUBSCRIBER_SYSTEM = f"{THO}subscriber-relationship"
DIAGNOSIS_TYPE_SYSTEM = f"{PAS}CodeSystem/PASTempCodes"
DIAGNOSIS_SYSTEM = "http://hl7.org/fhir/sid/icd-10-cm"
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
HCPCS_SYSTEM = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
CPT_SYSTEM = "http://www.ama-assn.org/go/cpt"
PLACE_OF_SERVICE_SYSTEM = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
TYPE_OF_BILL_SYSTEM = "https://www.nubc.org/CodeSystem/TypeOfBill"

# Systems a requested service may come from (PAS 2.2.1 X12278RequestedServiceType)
SERVICE_SYSTEMS = frozenset(
    {
        f"{THO}data-absent-reason",
        "http://hl7.org/fhir/sid/ndc",
        f"{THO}icd9cm",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        HCPCS_SYSTEM,
        CPT_SYSTEM,
        SERVICE_TYPE_SYSTEM,
    }
)
LOCATION_SYSTEMS = frozenset({PLACE_OF_SERVICE_SYSTEM, TYPE_OF_BILL_SYSTEM})
