"""The R4 type model: made by its generator, read quickly, and enough for is, as, ofType and choices."""

from pathlib import Path

import pytest

import gateway.fhir.path as door
from gateway.fhir.path import generate, model

PACKAGE = Path(__file__).resolve().parents[4] / "shared" / "ig" / "hl7.fhir.r4.core-4.0.1-definitions.tgz"


@pytest.mark.skipif(not PACKAGE.exists(), reason="the R4 definitions are not beside the repository")
def test_the_generator_makes_the_committed_model_byte_for_byte() -> None:
    assert generate.model(PACKAGE) == Path(door.__file__).with_name("r4.json").read_text()


@pytest.mark.parametrize(
    ("path", "type_name"),
    [
        ("Claim", "Claim"),
        ("Claim.item", "Claim.item"),
        ("Claim.item.quantity", "Quantity"),
        ("Claim.item.productOrService.coding.code", "code"),
        ("Claim.id", "string"),
        ("Claim.item.extension.url", "uri"),
        ("Bundle.entry.link", "Bundle.link"),
        ("Extension.valueCoding", "Coding"),
        ("Claim.nothing", None),
        ("Nothing.at.all", None),
    ],
)
def test_a_path_has_a_type(path: str, type_name: str | None) -> None:
    assert model.type_at(path) == type_name


def test_types_are_based_on_others() -> None:
    assert model.is_a("Age", "Quantity")
    assert model.is_a("code", "string")
    assert model.is_a("Patient", "Resource")
    assert not model.is_a("string", "code")


def test_a_choice_has_its_keys() -> None:
    assert dict(model.keys_of("Claim.item", "serviced")) == {"servicedDate": "date", "servicedPeriod": "Period"}
    assert model.keys_of("Claim.item", "quantity") == ()
    assert {"value", "occurrence", "medication", "serviced", "multipleBirth"} <= door.CHOICES
    assert "quantities" not in door.CHOICES
