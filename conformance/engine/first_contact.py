"""The first contact with a target: its metadata, and whether it can be judged at all."""

from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import Connection
from conformance.receiver.http_client import Unreachable
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.target.by_hand import has_terminal
from conformance.target.target import Target, TargetError


class NoMetadata(Unreachable):
    """The target answers, but not with the metadata of the profile."""


def discover(transmitter: RemoteTransmitter) -> None:
    """Fetch the metadata, which settles the profile.

    Raises Unreachable, and NoMetadata where the target answers something else.
    """
    try:
        answer = transmitter.find_metadata()
    except NoAnswer as error:
        raise Unreachable(f"the target can't be reached: {error}") from error
    transmitter.learn(answer)
    if not answer.served or not transmitter.metadata:
        raise NoMetadata(
            f"no metadata of profile {transmitter.profile.id} at {transmitter.discovery_url}:"
            f" answered {answer.text}. Check the issuer, or name another text with --profile"
        )


def check_hooks_and_credentials(target: Target, connection: Connection) -> None:
    """Check, before the first case, that the operator's hooks and credentials can be used.

    Raises TargetError for a credential that can't be obtained, and for a hook that is done by hand
    where there is no terminal; Unreachable for a certificate that can't be used.
    """
    by_hand = target.manual_hooks
    if by_hand and not has_terminal():
        raise TargetError(
            f"{target.named}: hooks.{by_hand[0]} is manual, and there is no terminal to"
            " ask on: run it in one, or give a hook of kind http or command"
        )
    for credential in target.all_credentials:
        try:
            connection.obtain(credential)
        except NoAnswer as error:
            raise TargetError(str(error)) from error
