"""Every setting of the gateway, read from the environment (prefix `PA_`) and nowhere else."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.model.errors import ConfigFault

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str, data: Path | None = None) -> Path:
    """Where `mappings` or `profiles` is: a site's own data folder, the repository, the copy in the wheel.

    Raises:
        ConfigFault: in none of these.
    """
    places = [*([data] if data else []), _PACKAGE.parent, _PACKAGE / "_data"]
    for place in places:
        if (place / name).is_dir():
            return place / name
    raise ConfigFault(f"There is no {name} folder.", fix=f"Looked in: {', '.join(map(str, places))}. Set PA_DATA.")


class Settings(BaseSettings):
    """Settings of one gateway process.

    Attributes:
        data: a folder with a site's own `mappings` and `profiles`, before the shipped ones.
        site: the site profile; `payers`: the folder of payer profiles.
        database: a SQLite file as URL; one serving process and the CLI share it.
        host, port: where the API listens; other than loopback needs at least one client (`pa client add`).
        workers: threads that do due steps; one payer gets half of them at most. 0: only the API, and `pa worker`
            elsewhere does the steps (PostgreSQL).
        lease_seconds: after so long without a sign of life from a worker, another one looks at its step.
        operators: clients of the API that may pause and resume a payer, separated by commas; of orders and work they
            see their own only, as every client does.
        order_bytes: the largest order accepted.
    """

    model_config = SettingsConfigDict(env_prefix="PA_", extra="ignore")

    data: Path | None = None
    site: Path | None = None
    payers: Path | None = None
    database: str = "sqlite:///gateway.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8180, ge=0, le=65535)
    workers: int = Field(default=8, ge=0, le=64)
    lease_seconds: int = Field(default=20, ge=5, le=3600)
    operators: str = ""
    order_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)

    @property
    def site_file(self) -> Path:
        return self.site or data_folder("profiles", self.data) / "site.yaml"

    @property
    def one_process(self) -> bool:
        """Whether the database allows one serving process only: API and workers together."""
        return not self.database.startswith("postgresql")

    @property
    def operating(self) -> frozenset[str]:
        """The clients named as operators."""
        return frozenset(filter(None, map(str.strip, self.operators.split(","))))

    @property
    def payers_folder(self) -> Path:
        return self.payers or data_folder("profiles", self.data) / "payers"


def read_settings(**own: Any) -> Settings:
    """The settings of the environment; `own` ones come before it.

    Raises:
        ConfigFault: a variable has a value that is not allowed, or PA_DATA names no folder; all of them named.
    """
    try:
        settings = Settings(**own)
    except ValidationError as fault:
        names = dict.fromkeys(str(error["loc"][0]) for error in fault.errors())
        raise _not_usable([f"{_variable(name)} must be {_allowed(name)}." for name in names]) from None
    if settings.data and not settings.data.is_dir():
        raise _not_usable([f"{_variable('data')} must be a folder that exists: {settings.data} is none."])
    return settings


def _not_usable(problems: list[str]) -> ConfigFault:
    return ConfigFault(
        "The settings cannot be used:", fix="Correct these environment variables, or unset them.", problems=problems
    )


def _variable(name: str) -> str:
    return f"{Settings.model_config['env_prefix']}{name}".upper()


def _allowed(name: str) -> str:
    """What a whole-number setting may be; the others take any text."""
    rules = Settings.model_fields[name].metadata
    least, most = ([getattr(rule, end) for rule in rules if hasattr(rule, end)] for end in ("ge", "le"))
    return f"a whole number from {least[0]} " + (f"to {most[0]}" if most else "up")
