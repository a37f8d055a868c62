"""Which stream configurations are valid, and who supplies which property; no state.

Follows SSF 1.0 sections 6.1 and 8.1.1, or the 2021 draft's section 7.1.2, as the profile says.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.spec.profile import Profile
from mock_transmitter.domain import events
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import DeliveryConfiguration, StreamConfiguration

MIN_VERIFICATION_INTERVAL_S = 30
INACTIVITY_TIMEOUT_S = 30 * 24 * 3600


class Configurations:
    """Builds the stream configurations of one issuer.

    Raises InvalidRequest for an invalid one; never changes the configuration that it is given.
    """

    def __init__(self, profile: Profile, *, issuer: str, poll_url: Callable[[str], str]) -> None:
        self._profile = profile
        self._issuer = issuer
        self._poll_url = poll_url
        self._explicit = profile.stream.model == "explicit"

    def blank(self, stream_id: str, audience: str) -> StreamConfiguration:
        """Return the configuration of a stream to which its Receiver has supplied nothing yet."""
        shows_interval = self._profile.offers("verify")
        # A stream that nobody could enable again is never paused for being idle.
        shows_timeout = (
            "inactivity_timeout" in self._profile.stream.transmitter_supplied
            and self._profile.offers("update_status")
        )
        return StreamConfiguration(
            stream_id=stream_id,
            iss=self._issuer,
            aud=audience,
            events_supported=events.SUPPORTED,
            events_requested=(),
            delivery=self._default_delivery(stream_id),
            min_verification_interval=MIN_VERIFICATION_INTERVAL_S if shows_interval else None,
            inactivity_timeout=INACTIVITY_TIMEOUT_S if shows_timeout else None,
        )

    def _default_delivery(self, stream_id: str) -> DeliveryConfiguration:
        delivery = self._profile.delivery
        if delivery.default == "poll" and delivery.poll is not None:
            return DeliveryConfiguration(
                method=delivery.poll, endpoint_url=self._poll_url(stream_id)
            )
        # Until the Receiver gives an address to push to, it is one that leads nowhere: RFC 6761.
        return DeliveryConfiguration(
            method=str(delivery.push), endpoint_url=f"https://receiver.invalid/{stream_id}"
        )

    def replaced(
        self, current: StreamConfiguration, wanted: Mapping[str, Any], *, fresh: bool = False
    ) -> StreamConfiguration:
        """Return a configuration with only the Receiver-Supplied properties of `wanted`."""
        if self._profile.semantics.replace_missing == "unchanged":
            return self.configured(current, wanted, fresh=fresh)
        if not self._explicit:
            for member in ("events_requested", "delivery"):
                if wanted.get(member) is None:
                    raise InvalidRequest(
                        f"{member} is missing: the configuration is replaced", member
                    )
        blank = replace(
            current,
            events_requested=(),
            delivery=self._default_delivery(current.stream_id),
            others={},
        )
        return self.configured(blank, wanted, fresh=fresh)

    def configured(
        self, base: StreamConfiguration, wanted: Mapping[str, Any], *, fresh: bool = False
    ) -> StreamConfiguration:
        """Return a configuration updated with the Receiver-Supplied properties of `wanted`.

        `fresh` means that the Receiver has not seen this stream yet.
        """
        others = dict(base.others)
        result = base
        for member in self._profile.stream.receiver_supplied:
            value = wanted.get(member)
            if value is None:
                continue
            if member == "events_requested":
                result = replace(result, events_requested=_uris(value))
            elif member == "delivery":
                result = replace(
                    result, delivery=self._delivery(base.stream_id, value, fresh=fresh)
                )
            else:
                others[member] = value
        return replace(result, others=others)

    def _delivery(self, stream_id: str, wanted: object, *, fresh: bool) -> DeliveryConfiguration:
        if not isinstance(wanted, Mapping):
            raise InvalidRequest("delivery must be an object", "delivery")
        method = wanted.get("method")
        endpoint_url = wanted.get("endpoint_url")
        if method is not None and method == self._profile.delivery.poll:
            # The Transmitter supplies this URL (SSF 1.0 sections 6.1.2 and 8.1.1.1). In an update a
            # Receiver may repeat it and may not choose another; for a fresh stream it can't know
            # it, and what it says is passed over.
            own = self._poll_url(stream_id)
            if not fresh and endpoint_url not in (None, own):
                raise InvalidRequest(
                    "delivery.endpoint_url of a poll stream is the Transmitter's to supply",
                    "delivery",
                )
            return DeliveryConfiguration(method=method, endpoint_url=own)
        if method is None or method != self._profile.delivery.push:
            raise InvalidRequest(f"delivery.method {method!r} is not supported", "delivery")
        # http is for a lab, where the Transmitter itself does without TLS.
        schemes = ("https",) if self._issuer.startswith("https:") else ("https", "http")
        starts = tuple(f"{scheme}://" for scheme in schemes)
        if not isinstance(endpoint_url, str) or not endpoint_url.lower().startswith(starts):
            raise InvalidRequest(
                f"delivery.endpoint_url must be an {' or '.join(schemes)} URL to push to",
                "delivery",
            )
        return DeliveryConfiguration(
            method=method,
            endpoint_url=endpoint_url,
            authorization_header=wanted.get("authorization_header"),
        )

    def hold_transmitter_supplied(
        self, wanted: Mapping[str, Any], *expected: StreamConfiguration
    ) -> None:
        """Refuse a Transmitter-Supplied property whose value is not the expected one."""
        if self._profile.semantics.read_only_mismatch == "ignore":
            return
        shown = [one.document(with_stream_id=self._explicit) for one in expected]
        for member in self._profile.stream.transmitter_supplied:
            if member in wanted and not any(
                _same(wanted[member], document.get(member)) for document in shown
            ):
                raise InvalidRequest(
                    f"{member} is supplied by the Transmitter and has another value", member
                )


def _uris(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(uri, str) for uri in value):
        raise InvalidRequest("events_requested must be an array of URIs", "events_requested")
    return tuple(dict.fromkeys(value))


def _same(given: object, own: object) -> bool:
    """Compare as the specifications do: URIs in any order, one audience in an array or not."""
    if isinstance(own, list):
        return (
            isinstance(given, list)
            and all(isinstance(uri, str) for uri in given)
            and set(given) == set(own)
        )
    if isinstance(own, str):
        return given in (own, [own])
    return isinstance(given, bool) is isinstance(own, bool) and given == own
