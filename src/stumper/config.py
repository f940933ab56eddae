"""The only reader of the environment: ``stumper.toml`` and ``STUMPER_*`` become one ``Settings``.

A setting is its name, default and help in one place; ``docs/reference/settings.md`` is generated from here.
Environment beats file, file beats default. Secrets come from the environment only.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from stumper.errors import BadSetting

SECRET_NAMES = frozenset(
    {
        "secret",
        "openai_key",
        "telegram_token",
        "hub_token",
        "metrics_token",
        "s3_key",
        "s3_secret",
        "s3_token",
    }
)
_KNOWN_AS: Final = {
    "hf_token": "hub_token",
    "aws_access_key_id": "s3_key",
    "aws_secret_access_key": "s3_secret",
    "aws_session_token": "s3_token",
}
"""Secrets that are read by another program's name as well."""
_BUCKET: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[\w.-]*\w)*)/?", re.ASCII)


class Settings(BaseSettings):
    """Everything an operator may choose."""

    model_config = SettingsConfigDict(
        env_prefix="STUMPER_",
        toml_file="stumper.toml",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )

    data: Path = Field(Path("data"), description="Folder for the database, pictures, releases and models.")
    database: str = Field(
        "", description="sqlite:///PATH or postgresql://USER@HOST/NAME. Empty: stumper.db in the data folder."
    )
    cache: str = Field("memory:", description="memory: or redis://HOST (limits, live counters, news).")
    files: str = Field(
        "",
        description="Folder of the pictures, or s3://BUCKET/PREFIX (docs/guide/bucket.md). Empty: files in "
        "the data folder.",
    )
    s3_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("STUMPER_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        description="Address of the bucket's server, http or https; AWS_ENDPOINT_URL is read as well. Empty: "
        "Amazon's.",
    )
    s3_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("STUMPER_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The bucket's region; AWS_REGION is read as well. Cloudflare's R2 wants auto.",
    )
    s3_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("STUMPER_S3_KEY", "AWS_ACCESS_KEY_ID"),
        description="Opens the bucket; AWS_ACCESS_KEY_ID is read as well. Unset: the machine's own role.",
    )
    s3_secret: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("STUMPER_S3_SECRET", "AWS_SECRET_ACCESS_KEY"),
        description="Belongs to that key; AWS_SECRET_ACCESS_KEY is read as well.",
    )
    s3_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("STUMPER_S3_TOKEN", "AWS_SESSION_TOKEN"),
        description="Of keys that last for hours only; AWS_SESSION_TOKEN is read as well.",
    )
    jobs: str = Field("", description="Database of the durable jobs. Empty: jobs.db in the data folder.")
    model: str = Field("onnx:", description="Opponent of a campaign's first round; see docs/guide/models.md.")
    blind_model: str = Field(
        "", description="Is asked without the picture; what it guesses is refused. See docs/guide/gates.md."
    )
    idea_model: str = Field(
        "",
        description="Suggests questions to players who ask for ideas. See docs/guide/ai-players.md.",
    )
    judges: str = Field(
        "",
        description="Models that judge beside the rules when a round closes: two or more openai:URL#NAME.",
    )
    campaign: str = Field("toytown", description="Campaign that players join when the address names none.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the web server.")
    public_url: str = Field("", description="Address players see; https makes cookies secure.")
    secret: SecretStr | None = Field(
        None, description="Signs the players' cookies. Unset: drawn once and kept in the data folder."
    )
    openai_key: SecretStr | None = Field(None, description="Key for openai: endpoints.")
    telegram_token: SecretStr | None = Field(
        None, description="Token of the Telegram bot, from @BotFather; see docs/guide/telegram.md."
    )
    telegram_api: str = Field(
        "https://api.telegram.org",
        description="Base address of the Bot API; a self-hosted one will do.",
    )
    telegram_webhook: bool = Field(
        False,
        description="`stumper serve` takes Telegram's updates itself; public_url must be https.",
    )
    hub_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("STUMPER_HUB_TOKEN", "HF_TOKEN"),
        description="Token of the Hugging Face Hub, for `stumper release push`; HF_TOKEN is read as well.",
    )
    hub: str = Field("https://huggingface.co", description="Base address of the Hub.")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses or networks, with commas, whose X-Forwarded-For and -Proto are believed.",
    )
    debug: bool = Field(False, description="Shows tracebacks to the operator's console.")
    log: Literal["", "text", "json"] = Field(
        "", description="How log lines look: text or json. Empty: text on a terminal, json elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged; every request is info."
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Opens /metrics to who sends it as a bearer token. See docs/guide/observability.md.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of a worker's metrics, on 127.0.0.1 only. 0: none."
    )
    traces: str = Field("", description="Address of an OTLP/HTTP receiver for traces. Empty: no traces.")
    ray: str = Field("", description="Address of a Ray cluster for --engine ray. Empty: one on this machine.")
    prices: str = Field(
        "",
        description="What a million tokens of an endpoint cost, read and generated: NAME=2.5/10 ... "
        "See docs/guide/budgets.md.",
    )
    model_at_once: int = Field(16, ge=1, le=4096, description="Questions at a time to one endpoint.")
    model_line: int = Field(
        64, ge=0, le=100_000, description="Questions that may wait for an endpoint; one more is refused."
    )
    model_silence: float = Field(
        40.0, ge=1, le=3600, description="Seconds an endpoint may be silent; players wait 60 in all."
    )
    answer_cache: int = Field(
        20_000,
        ge=0,
        le=10_000_000,
        description="Answers kept, so that nothing is asked twice; 0: none. See docs/guide/models.md.",
    )
    keep_days: int = Field(
        180,
        ge=0,
        le=36_500,
        description="Days after which players' networks (once they stopped) and told messages go; 0: kept.",
    )
    processes: int = Field(1, ge=1, le=64, description="Web processes of `stumper serve`, on one port.")
    drain_s: float = Field(
        0.0,
        ge=0,
        le=300,
        description="Seconds a web process that is to stop goes on taking requests, with /readyz at 503.",
    )
    stop_s: int = Field(
        30,
        ge=1,
        le=3600,
        description="Seconds after which a web process that stops leaves requests unfinished.",
    )
    worker: str = Field(
        "local",
        min_length=1,
        max_length=40,
        description="Name of this worker; each of several on one PostgreSQL has its own, and keeps it.",
    )

    @field_validator("model")
    @classmethod
    def _model_has_a_scheme(cls, value: str) -> str:
        if ":" not in value:
            raise ValueError(f"{value!r} has no scheme; write onnx:, openai:URL#NAME or hf:DIR")
        return value

    @field_validator("files")
    @classmethod
    def _files_are_a_folder_or_a_bucket(cls, value: str) -> str:
        if "://" in value and not _BUCKET.fullmatch(value):
            shown = "it" if "@" in value else repr(value)
            raise ValueError(
                f"{shown} is no place for pictures; write a folder, or s3://BUCKET/PREFIX of letters, "
                "digits, dots, dashes and slashes"
            )
        return value

    @model_validator(mode="after")
    def _a_bucket_can_be_asked(self) -> Self:
        # Without a bucket these names may be meant for another program.
        if self.bucket is None:
            return self
        url = urlsplit(self.s3_endpoint)
        is_one = url.scheme in {"http", "https"} and url.hostname and "@" not in url.netloc and not url.query
        if self.s3_endpoint and not is_one:
            # Not shown: it may hold a password.
            raise ValueError(
                "AWS_ENDPOINT_URL is no address of a server; write https://HOST or http://HOST:PORT"
            )
        if bool(self.s3_key) != bool(self.s3_secret):
            raise ValueError(
                "a bucket's key and its secret come together; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or neither where the machine has a role"
            )
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody_is_a_proxy(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(one)
            except ValueError as error:
                raise ValueError(
                    f"{one!r} is no address; believed without one, anybody could choose their own. Name "
                    "your proxy's, such as 127.0.0.1 or 10.0.0.0/8"
                ) from error
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the base class fixes the signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _NoSecrets(settings_cls)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'stumper.db'}"

    @property
    def jobs_url(self) -> str:
        return self.jobs or f"sqlite:///{self.data / 'jobs.db'}"

    @property
    def files_folder(self) -> Path | None:
        """None where the pictures are in a bucket."""
        if self.bucket is not None:
            return None
        return Path(self.files) if self.files else self.data / "files"

    @property
    def bucket(self) -> tuple[str, str] | None:
        """Name and prefix of the bucket, the prefix without slashes at its ends; None for a folder."""
        found = _BUCKET.fullmatch(self.files)
        return (found[1], found[2].strip("/")) if found else None

    @property
    def judge_refs(self) -> list[str]:
        return self.judges.split()

    @property
    def secrets(self) -> frozenset[str]:
        """What no log and no message may hold: every secret that is set, and the databases' passwords."""
        named = (getattr(self, name) for name in SECRET_NAMES)
        urls = (self.database, self.jobs, self.cache, self.traces)
        passwords = [urlsplit(url).password or "" for url in urls]
        # A driver says a password as it is, an address as it is quoted.
        told = (*(one.get_secret_value() for one in named if one), *passwords, *map(unquote, passwords))
        return frozenset(filter(None, told))

    @property
    def model_secrets(self) -> dict[str, str]:
        return {"openai": self.openai_key.get_secret_value()} if self.openai_key else {}


class _NoSecrets(TomlConfigSettingsSource):
    """Reads ``stumper.toml``, and refuses secrets in it: files get committed by accident."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in sorted(values):
            plain = name.lower().removeprefix("stumper_")
            plain = _KNOWN_AS.get(plain, plain)
            if plain in SECRET_NAMES:
                raise BadSetting(
                    f"stumper.toml holds the secret {name!r}. Set STUMPER_{plain.upper()} instead."
                )
        return values


def load(**chosen: Any) -> Settings:
    """Reads file and environment; ``chosen`` (command line) beats both. Raises BadSetting with each fault."""
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            ": ".join(filter(None, (".".join(map(str, fault["loc"])), fault["msg"])))
            for fault in error.errors(include_input=False)
        )
        raise BadSetting(f"Settings cannot be used: {faults}. See docs/reference/settings.md.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"stumper.toml is no valid TOML: {error}") from error


_SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


def share_metrics(folder: Path) -> None:
    """Lets the processes that are started from now on count into files of an empty folder, beside each other.

    The metrics' library asks for it by this name as it is imported, so that it cannot be passed as a value.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"Web processes cannot count together in {folder}: {error.strerror}. Give this user the right to "
            "write there, or name another folder with STUMPER_DATA."
        ) from error
    os.environ[_SHARED] = str(folder)


def shared_metrics() -> str | None:
    """Returns the folder in which the processes of this server count, None for one that counts alone."""
    return os.environ.get(_SHARED)


_TOOLS_GET: Final = frozenset({"HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR"})


def for_postgres_tools() -> dict[str, str]:
    """Returns what pg_dump and pg_restore get of our environment: all PG..., so certificates too."""
    return {name: told for name, told in os.environ.items() if name.startswith("PG") or name in _TOOLS_GET}


def cookie_secret(settings: Settings) -> str:
    """Returns the configured secret, or the one kept in ``data/secret`` (drawn at the first start)."""
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.data / "secret"
    try:
        if not path.exists():
            settings.data.mkdir(parents=True, exist_ok=True)
            _keep_secret(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BadSetting(
            f"The secret of the cookies cannot be kept in {path}: {error.strerror}. Give this user the right "
            "to read and write there, name another folder with STUMPER_DATA, or set STUMPER_SECRET."
        ) from error


def _keep_secret(path: Path) -> None:
    """Draws a secret; of two processes that start at once the second finds the first one's, and all of it."""
    drawn = path.with_name(f".secret.{secrets.token_hex(4)}")
    try:
        drawn.touch(mode=0o600)
        drawn.write_text(secrets.token_urlsafe(32), encoding="ascii")
        os.link(drawn, path)
    except FileExistsError:
        pass
    finally:
        drawn.unlink(missing_ok=True)
