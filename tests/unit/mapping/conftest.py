"""A fixture that writes small mapping folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping import Finding, Mapped, MappingFault, Mappings
from gateway.mapping.lint import lint


@dataclass(frozen=True)
class MappingFolder:
    """A folder of mappings and one of tables, both in a temporary place."""

    root: Path

    @property
    def guide(self) -> Path:
        return self.root / "guide"

    @property
    def codes(self) -> Path:
        return self.root / "codes"

    def write(self, name: str, text: str) -> "MappingFolder":
        """Write `name`: a mapping (`x`), its test (`x.test`) or a table (`x.csv`)."""
        path = self.codes / name if name.endswith(".csv") else self.guide / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.codes.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return self

    def load(self) -> Mappings:
        return Mappings.load(self.guide, self.codes)

    def apply(self, name: str, /, **context: Any) -> Mapped:
        """What the mapping makes, with its trace; the Python written for it makes the same."""
        mappings = self.load()
        observed, made = mappings.observe(name, context), mappings.apply(name, context)
        assert (made.value, made.gaps, made.choices) == (observed.value, observed.gaps, observed.choices)
        assert str(made.value) == str(observed.value)  # true is not 1, and properties come in one order
        return observed

    def faults(self) -> tuple[Finding, ...]:
        try:
            self.load()
        except MappingFault as fault:
            return fault.findings
        return ()

    def lint(self) -> list[Finding]:
        return lint(self.guide, self.codes)

    def produce(self, body: str, /, *, let: str = "", tables: str = "", **context: Any) -> Mapped:
        """Apply a mapping `m` whose `produce` is `body` and which reads the variables given."""
        names = ", ".join(context)
        text = f"mapping: m\nreads: [{names}]\ntables: [{tables}]\n"
        text += f"let:\n{_indent(let)}" if let else ""
        return self.write("m", f"{text}produce:\n{_indent(body)}").apply("m", **context)


def _indent(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").splitlines())


@pytest.fixture
def folder(tmp_path: Path) -> MappingFolder:
    made = MappingFolder(tmp_path)
    made.codes.mkdir()
    return made
