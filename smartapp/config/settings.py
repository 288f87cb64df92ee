"""The settings as models; unknown keys are errors, numbers exact decimals, secrets hidden when shown."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Algorithm = Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
IdTokenAlgorithm = Literal["RS256", "ES256", "ES384", "RS384", "PS256"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    """Rates per caller or address (empty: off) and how long things live."""

    hooks: str = "6000/minute"
    launch: str = "600/minute"
    state_minutes: Decimal = Field(default=Decimal(10), gt=0, le=60)
    proposal_minutes: Decimal = Field(default=Decimal(30), gt=0, le=480)
    idle_minutes: Decimal = Field(default=Decimal(15), gt=0, le=240)
    absolute_minutes: Decimal = Field(default=Decimal(480), gt=0, le=1440)


class Budgets(_Strict):
    """Seconds that may be spent (interfaces.md section 3)."""

    hook: Decimal = Field(default=Decimal(4), gt=0, le=30)
    authorization: Decimal = Field(default=Decimal(10), gt=0, le=60)
    fhir_request: Decimal = Field(default=Decimal(10), gt=0, le=60)
    page: Decimal = Field(default=Decimal(20), gt=0, le=120)


class Hooks(_Strict):
    """What EHRs are asked to send with a call: everything, or only what tells of an infusion."""

    prefetch: Literal["full", "lean"] = "full"


class RetentionSettings(_Strict):
    """Days that records are kept (docs/storage.md)."""

    launch_days: Decimal = Field(default=Decimal(30), ge=1, le=3650)
    look_days: Decimal = Field(default=Decimal(90), ge=1, le=3650)
    feedback_days: Decimal = Field(default=Decimal(730), ge=1, le=36500)
    decision_days: Decimal = Field(default=Decimal(3650), ge=30, le=36500)
    audit_days: Decimal = Field(default=Decimal(3650), ge=30, le=36500)


class OutboundSettings(_Strict):
    """How every server is reached, unless its own entry says otherwise."""

    ca_file: Path | None = None
    proxy: str = ""


class Ehr(_Strict):
    """One EHR that may launch us, or whose hooks we answer."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9\-]{0,62}$")
    fhir_base: str
    issuer: str = ""
    endpoint_origins: tuple[str, ...] = ()
    client_id: str = ""
    client_auth: Literal["private_key_jwt", "client_secret_basic", "public"] = "private_key_jwt"
    signing_alg: Literal["ES384", "RS384"] = "ES384"
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None
    basic_encoding: Literal["", "form", "plain"] = ""
    id_token_algs: tuple[IdTokenAlgorithm, ...] = Field(
        default=("RS256", "ES256", "ES384", "RS384", "PS256"), min_length=1
    )
    discovery_fallback: bool = False
    authorize_post: bool = False
    online_access: bool = False
    offline_access: bool = False
    scope_style: Literal["", "v1", "v2"] = ""
    embedded: bool = False
    frame_ancestors: tuple[str, ...] = ()
    allow_private_address: bool = False
    ca_file: Path | None = None
    proxy: str = ""
    requests_per_minute: int = Field(default=0, ge=0, le=1_000_000)
    requests_per_day: int = Field(default=0, ge=0, le=1_000_000_000)
    same_as: str = ""
    write_back: bool = False
    write_route: Literal["auto", "fhir", "none"] = "auto"


class CdsClient(_Strict):
    """One caller of our hooks."""

    name: str
    issuer: str
    jwks_uri: str = ""
    jwks_file: Path | None = None
    fhir_servers: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    allow_private_address: bool = False
    require_jwt: bool = True
    algorithms: tuple[Algorithm, ...] = Field(default=("ES384", "RS384"), min_length=1)
    token_minutes: Decimal = Field(default=Decimal(10), gt=0, le=60)
    tenants: tuple[str, ...] = ()


class Settings(_Strict):
    """Everything a site can set."""

    base_url: str = ""
    mode: Literal["production", "development"] = "production"
    allow_unsafe_bind: bool = False
    data_dir: Path = Path("var")
    secret_key: SecretStr = SecretStr("")
    secret_key_file: Path | None = None
    database_url: str = ""
    time_zone: str = "UTC"
    organization: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    site: dict[str, Any] = Field(default_factory=dict)
    limits: Limits = Limits()
    hooks: Hooks = Hooks()
    budgets: Budgets = Budgets()
    retention: RetentionSettings = RetentionSettings()
    outbound: OutboundSettings = OutboundSettings()
    codes: dict[str, str] = Field(default_factory=dict)
    ehr: tuple[Ehr, ...] = ()
    cds_client: tuple[CdsClient, ...] = ()

    @property
    def database(self) -> str:
        """The database's URL; by default a file in data_dir."""
        return self.database_url or f"sqlite:///{self.data_dir / 'smartapp.db'}"

    def same_records(self, ehr: str) -> str:
        """The name of the EHR that an entry says it is the same as; empty where it is one of its own."""
        return next((entry.same_as for entry in self.ehr if entry.name == ehr), "")

    @property
    def development(self) -> bool:
        """Loud, loopback only."""
        return self.mode == "development"
