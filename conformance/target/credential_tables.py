"""The tables of target.toml that hold credentials; a secret is an `env:NAME` or a `file:PATH`."""

import json
import os
import re
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote_plus, urlencode

from conformance.target.credentials import (
    FORM,
    Basic,
    Bearer,
    Call,
    ClientCertificate,
    ClientCredentials,
    Credential,
    MutualTls,
    SecretHeader,
    TokenRequest,
    is_token,
)
from conformance.target.target import TargetError
from conformance.target.urls import split_url

Json: TypeAlias = dict[str, Any]

_REFERENCES = ("env:", "file:")
NEVER_IN_FILE = "a secret never stands in the file; write env:NAME or file:PATH"
_NAMES_SECRET = re.compile(
    r"authorization|cookie|key|token$|secret|password|assertion", re.IGNORECASE
)


class CredentialTables:
    """Reads the credentials of a file. What can't be used raises TargetError with its place."""

    def __init__(self, document: Json, file: str, *, allow_http: bool) -> None:
        self._document = document
        self._file = file
        self._allow_http = allow_http

    def table(self, table: str) -> dict[str, Credential]:
        """Return the credentials of a table by channel; empty if the file has none."""
        found = self._document
        for step in table.split("."):
            found = found.get(step, {})
        return {
            channel: self._credential(one, f"{self._file}: {table}.{channel}")
            for channel, one in found.items()
        }

    def _credential(self, one: Json, place: str) -> Credential:
        match one["kind"]:
            case "bearer":
                return Bearer(bearer_token(one["token"], f"{place}.token"))
            case "header":
                return SecretHeader(one["name"].lower(), _secret(one["value"], f"{place}.value"))
            case "basic":
                return _basic(one, place)
            case "mtls":
                return MutualTls(_certificate(one, place))
            case "oauth2-client-credentials":
                return self._client(one, place)
            case _:
                return self._token_request(one, place)

    def _client(self, one: Json, place: str) -> ClientCredentials:
        return ClientCredentials.of(
            Basic(
                _literal_or_secret(one["client_id"], f"{place}.client_id"),
                _secret(one["client_secret"], f"{place}.client_secret"),
            ),
            place=place,
            token_url=self._url(one["token_url"], f"{place}.token_url"),
            scope=one.get("scope"),
            authentication=one.get("authentication", "client_secret_basic"),
            revocation_url=one.get("revocation_url"),
        )

    def _token_request(self, one: Json, place: str) -> TokenRequest:
        filled = _Filled(place)
        headers = {"accept": "application/json"}
        for name, value in one.get("headers", {}).items():
            headers[name.lower()] = filled.text(value, f"headers.{name}")
        if "basic" in one:
            basic = _basic(one["basic"], f"{place}.basic")
            filled.secrets |= basic.secrets
            headers |= basic.header
        body = None
        if "form" in one:
            headers.setdefault("content-type", FORM)
            body = urlencode(filled.tree(one["form"], "form")).encode()
        elif "json" in one:
            headers.setdefault("content-type", "application/json")
            body = json.dumps(filled.tree(one["json"], "json")).encode()
        url = self._url(one["url"], f"{place}.url")
        chosen = ("token_path", "expires_in_path", "lifetime_s", "scheme")
        return TokenRequest(
            place=place,
            call=Call(one.get("method", "POST"), url, headers, body),
            given=frozenset(filled.secrets),
            header=one.get("header", "authorization").lower(),
            **{name: one[name] for name in chosen if name in one},
        )

    def _url(self, url: str, place: str) -> str:
        parts = split_url(url, place)
        if not parts.hostname or parts.username is not None:
            raise TargetError(f"{place}: name a host, and no user before it")
        if parts.scheme != "https" and not self._allow_http:
            raise TargetError(f"{place}: {url!r} is not https; for a lab add --allow-http")
        return url


class _Filled:
    """Resolves `env:NAME` and `file:PATH`, and collects the values in `secrets`."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.secrets: set[str] = set()

    def text(self, value: str, name: str) -> str:
        """Return a text resolved. Raises TargetError for a secret written into the file."""
        place = f"{self._place}.{name}"
        if value.startswith(_REFERENCES):
            secret = _secret(value, place)
            self.secrets |= {secret, quote_plus(secret), json.dumps(secret)[1:-1]}
            return secret
        if _NAMES_SECRET.search(name.rpartition(".")[2]):
            raise TargetError(f"{place}: {NEVER_IN_FILE}")
        return value

    def tree(self, value: Json, name: str) -> Json:
        """Return an object with each text in it resolved."""
        return {key: self._any(part, f"{name}.{key}") for key, part in value.items()}

    def _any(self, value: Any, name: str) -> Any:  # noqa: ANN401 (JSON)
        if isinstance(value, str):
            return self.text(value, name)
        if isinstance(value, dict):
            return self.tree(value, name)
        if isinstance(value, list):
            return [self._any(part, name) for part in value]
        return value


def _basic(one: Json, place: str) -> Basic:
    return Basic(
        _literal_or_secret(one["user"], f"{place}.user"),
        _secret(one["password"], f"{place}.password"),
    )


def _certificate(one: Json, place: str) -> ClientCertificate:
    chain = Path(one["certificate"]).expanduser()
    key = Path(one["key"].removeprefix("file:")).expanduser()
    for name, path in (("certificate", chain), ("key", key)):
        if not path.is_file():
            raise TargetError(f"{place}.{name}: there is no file {path}; name a PEM file")
    return ClientCertificate(chain, key)


def _literal_or_secret(value: str, place: str) -> str:
    """Return the name of a user or client, which is no secret and may be written into the file."""
    return _secret(value, place) if value.startswith(_REFERENCES) else value


def bearer_token(reference: str, place: str) -> str:
    """Return the bearer token that a reference leads to. Raises TargetError with its place."""
    token = _secret(reference, place)
    if not is_token(token):
        raise TargetError(f"{place}: a bearer token is printable ASCII without spaces")
    return token


def _secret(reference: str, place: str) -> str:
    """Return the secret that `env:NAME` or `file:PATH` leads to."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise TargetError(
                f"{place}: the environment variable {name} is not set; export it first"
            )
    else:
        try:
            value = Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TargetError(f"{place}: the file {name} can't be read: {error}") from error
        if not value:
            raise TargetError(f"{place}: the file {name} is empty")
    if not value.isprintable() or not value.isascii():
        raise TargetError(f"{place}: a secret is one line of printable ASCII")
    return value
