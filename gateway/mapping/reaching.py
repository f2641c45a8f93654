"""Which mappings an application of one may come to, by include."""

from collections.abc import Mapping

from gateway.mapping.language import Definition


def reachable(name: str, definitions: Mapping[str, Definition]) -> set[str]:
    """The mapping itself, and all that it includes, directly or not."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen and current in definitions:
            seen.add(current)
            waiting.extend(include.name for include in definitions[current].includes)
    return seen
