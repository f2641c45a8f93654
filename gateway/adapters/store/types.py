"""Column types: instants as sortable text, vocabularies as their own words."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

Word = TypeVar("Word", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware instant as UTC text of 27 characters with microseconds: text order is time order on every database."""

    # PostgreSQL would sort text by the rules of a language; "C" is the order of bytes.
    impl = String(27).with_variant(String(27, collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy passes it
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy passes it
        return None if value is None else datetime.fromisoformat(value)


class Vocabulary(TypeDecorator[Word]):
    """A StrEnum as its value; a word that is not in it is refused on reading too."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[Word]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy passes it
        return None if value is None else value.value

    def process_result_value(self, value: Any, dialect: Dialect) -> Word | None:  # noqa: ARG002 - SQLAlchemy passes it
        return None if value is None else self.kind(value)
