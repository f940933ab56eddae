"""The only reader of the environment: ``stumper.toml`` and ``STUMPER_*`` become one ``Settings``.

A setting is its name, default and help in one place; ``docs/reference/settings.md`` is generated from here.
Environment beats file, file beats default. Secrets come from the environment only.
"""

from __future__ import annotations

import secrets
import tomllib
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from stumper.errors import BadSetting

SECRET_NAMES = frozenset({"secret", "openai_key", "telegram_token", "hub_token"})


class Settings(BaseSettings):
    """Everything an operator may choose."""

    model_config = SettingsConfigDict(
        env_prefix="STUMPER_", toml_file="stumper.toml", extra="forbid", frozen=True
    )

    data: Path = Field(Path("data"), description="Folder for the database, pictures, releases and models.")
    database: str = Field(
        "", description="sqlite:///PATH or postgresql://USER@HOST/NAME. Empty: stumper.db in the data folder."
    )
    cache: str = Field("memory:", description="memory: or redis://HOST (limits and live counters).")
    files: str = Field("", description="Folder of the pictures. Empty: files in the data folder.")
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
    debug: bool = Field(False, description="Shows tracebacks to the operator's console.")

    @field_validator("model")
    @classmethod
    def _model_has_a_scheme(cls, value: str) -> str:
        if ":" not in value:
            raise ValueError(f"{value!r} has no scheme; write onnx:, openai:URL#NAME or hf:DIR")
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
    def files_folder(self) -> Path:
        return Path(self.files) if self.files else self.data / "files"

    @property
    def judge_refs(self) -> list[str]:
        return self.judges.split()

    @property
    def model_secrets(self) -> dict[str, str]:
        return {"openai": self.openai_key.get_secret_value()} if self.openai_key else {}


class _NoSecrets(TomlConfigSettingsSource):
    """Reads ``stumper.toml``, and refuses secrets in it: files get committed by accident."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in sorted(values):
            plain = name.lower().removeprefix("stumper_").replace("hf_token", "hub_token")
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
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        raise BadSetting(f"Settings cannot be used: {faults}. See docs/reference/settings.md.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"stumper.toml is no valid TOML: {error}") from error


def cookie_secret(settings: Settings) -> str:
    """Returns the configured secret, or the one kept in ``data/secret`` (drawn at the first start)."""
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.data / "secret"
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii").strip()
