"""A payer's answer to a pure reading: what was decided on each item, or why nothing may be (PAS 2.0.1 to 2.2.1)."""

from gateway.responses.codes import ReviewCodes, load_codes
from gateway.responses.read import read
from gateway.responses.reading import Asked, Kind, Reading
from gateway.responses.rejections import read_rejection

__all__ = ["Asked", "Kind", "Reading", "ReviewCodes", "load_codes", "read", "read_rejection"]
