"""What every public JSON value has in common: built from the core's frozen values, written by the one JSON door."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from starlette.responses import Response

from gateway.fhir import json

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A decimal that travels as a JSON number with its digits kept."""


class View(BaseModel):
    """A public JSON value; an empty string means that there is none."""

    model_config = ConfigDict(from_attributes=True, frozen=True, extra="forbid", use_attribute_docstrings=True)

    def plain(self) -> dict[str, Any]:
        """The value for `gateway.fhir.json`, which keeps the digits of decimals."""
        return self.model_dump()


def answer(view: View, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The view as an HTTP response."""
    return Response(json.dumps(view.plain()), status, headers, "application/json")
