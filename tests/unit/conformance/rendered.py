"""Reports for the tests of renderings: made by hand, with names that try to break a document."""

from gateway.conformance import NotEvaluated, Report
from gateway.conformance.rendering import Checked
from gateway.fhir.outcome import Issue, Severity

REQUEST = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-pas-request-bundle|2.2.1"
SYSTEM = "https://example.org/codes"

BROKEN = Checked(
    "orders/knee & <hip>.json",
    "pas/2.2.1",
    Report(
        (
            Issue(
                Severity.ERROR,
                "cardinality",
                "Bundle.entry[0].resource.use",
                "R4 requires Claim.use.",
                "Send use.",
                "required",
            ),
            Issue(
                Severity.WARNING,
                "binding",
                "Bundle.entry[1].resource.type[0]",
                'Not a code of "x" & <y>.',
                "",
                "code-invalid",
            ),
            Issue(Severity.INFORMATION, "prof-ben-1", "Bundle.entry[2].resource.address[0].postalCode", "A remark."),
        ),
        (
            NotEvaluated("binding", "Bundle.entry[0].resource.item[0].category", "The codes are licensed."),
            NotEvaluated("binding", "Bundle.entry[0].resource.item[1].category", "The codes are licensed."),
            NotEvaluated("q7", "Bundle.entry[3].resource", "The expression cannot be run."),
        ),
        REQUEST,
    ),
)
GOOD = Checked("orders/good.json", "pas/2.2.1", Report((), (), "Patient"))
NO_JSON = Checked(
    "orders/torn\x1b[31m\n.json",
    "pas/2.2.1",
    Report(
        (
            Issue(
                Severity.FATAL, "json-syntax", "", "This is no JSON to be trusted.", "Correct the syntax.", "structure"
            ),
        ),
        (),
        "",
    ),
)
RUN = (BROKEN, GOOD, NO_JSON)
