"""Reading target.toml, or a bare issuer URL, into a Target.

Everything is checked before a request is sent; a wrong key is named, with its file and path.
"""

import tomllib
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from conformance.spec import schema
from conformance.spec.profile import ProfileError
from conformance.spec.profile_files import load_profile
from conformance.target.credential_tables import NEVER_IN_FILE, CredentialTables, bearer_token
from conformance.target.credentials import KINDS, Bearer, ClientCredentials
from conformance.target.hook_tables import hooks_in
from conformance.target.known_subjects import subjects_in
from conformance.target.options import Options, adjusted, path_of, with_push_table
from conformance.target.target import CHANNELS, Limits, Target, TargetError
from conformance.target.urls import checked_issuer

Json: TypeAlias = dict[str, Any]

# The tables of other Receivers' credentials.
_RECEIVERS = ("second_receiver", "limited_receiver")


def from_issuer(issuer: str, options: Options) -> Target:
    """Return the target of a bare issuer URL; without --profile it is held to ssf-1.0."""
    document: Json = {"target": {"issuer": issuer}}
    return _target(document, "the command line", options, named=issuer)


def from_file(path: Path, options: Options) -> Target:
    """Read a target.toml. Raises TargetError, naming file and key, for whatever can't be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TargetError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not UTF-8 text") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: not valid TOML: {error}") from error
    return _target(document, str(path), options, named=str(path))


def _target(document: Json, file: str, options: Options, *, named: str) -> Target:
    _validate(document, file)
    about = document["target"]
    limits = document.get("limits", {})
    allow_http = limits.pop("allow_http", False) or options.allow_http
    issuer = checked_issuer(about["issuer"], file, allow_http=allow_http)
    profile_name = options.profile or about.get("profile") or "ssf-1.0"
    try:
        profile = load_profile(profile_name, options.settings)
    except ProfileError as error:
        raise TargetError(str(error)) from error
    read = CredentialTables(document, file, allow_http=allow_http)
    credentials = read.table("auth")
    client = credentials.get("management")
    if options.token_env is not None:
        token = Bearer(bearer_token(f"env:{options.token_env}", "--token-env"))
        credentials = {channel: credentials.get(channel, token) for channel in CHANNELS}
        credentials["management"] = token
    capabilities = document.get("capabilities", {})
    ca_file = options.ca_file or path_of(document.get("tls", {}).get("ca_file"))
    if ca_file is not None and not ca_file.is_file():
        place = "--ca-file" if options.ca_file else f"{file}: tls.ca_file"
        raise TargetError(f"{place}: there is no file {ca_file}; name a PEM file")
    found = Target(
        name=about.get("name", urlsplit(issuer).netloc),
        version=about.get("version"),
        issuer=issuer,
        profile=profile,
        credentials=credentials,
        second_receiver=read.table("second_receiver.auth"),
        limited_receiver=read.table("limited_receiver.auth"),
        oauth_client=client if isinstance(client, ClientCredentials) else None,
        overrides=document.get("overrides", {}),
        streams=capabilities.get("streams", 1),
        event_types=tuple(capabilities.get("event_types", ())),
        subjects=subjects_in(capabilities.get("subjects", ()), profile, file),
        hooks=hooks_in(document.get("hooks", {}), file),
        limits=Limits(**limits),
        ca_file=ca_file,
        allow_http=allow_http,
        allow_destructive=options.allow_destructive,
        named=named,
    )
    return adjusted(found, with_push_table(options, document.get("push", {})))


def _validate(document: Json, file: str) -> None:
    wrong = schema.complaint("ours/target.json", document)
    if wrong is None:
        return
    secret = wrong.place.startswith(("auth", *_RECEIVERS))
    if secret and wrong.keyword not in {"required", "additionalProperties"}:
        # The value may be a secret written out: it is not repeated.
        hint = NEVER_IN_FILE
        if wrong.place.endswith(".kind"):
            hint = f"write one of {', '.join(KINDS.values())}"
        elif wrong.keyword == "enum" and wrong.place.endswith(CHANNELS):
            hint = "has a key that its kind does not take; see Credentials in docs/target-toml.md"
        raise TargetError(f"{file}: {wrong.place}: {hint}")
    raise TargetError(f"{file}: {wrong.text}")
