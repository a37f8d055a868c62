"""Pushes SETs in the background of a server, so that no request waits for a Receiver."""

import threading
from concurrent.futures import ThreadPoolExecutor

from mock_transmitter.domain.clock import Alarm
from mock_transmitter.site import Site
from mock_transmitter.tenant import Tenant

# Slow Receivers delay only their own tenant, as long as there are no more than these.
_MOST_AT_ONCE = 8
# What is due later than this is looked at again, in seconds of real time.
_LONGEST_SLEEP_S = 60.0


class Pusher:
    """A thread that pushes what is due on all tenants of a site, until `close`.

    Whatever wakes a held poll wakes it; on the system's clock also a retry that falls due.
    """

    def __init__(self, site: Site, *, simulated: bool) -> None:
        self._site = site
        self._simulated = simulated
        self._alarm = Alarm()
        self._ended = threading.Event()
        self._busy: set[Tenant] = set()
        self._unsubscribe = site.subscribe(self._alarm.ring)
        self._senders = ThreadPoolExecutor(_MOST_AT_ONCE, "ssf-mock-push")
        self._thread = threading.Thread(target=self._run, name="ssf-mock-pusher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Make no further attempts, and wait for those in progress."""
        self._ended.set()
        self._unsubscribe()
        self._alarm.ring()
        self._thread.join()
        self._senders.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._ended.is_set():
            sleep = _LONGEST_SLEEP_S
            for tenant in self._site.tenants:
                left = tenant.push_due_in()
                if left is None or tenant in self._busy:
                    continue
                if left <= 0:
                    self._busy.add(tenant)
                    self._senders.submit(self._push, tenant)
                elif not self._simulated:
                    sleep = min(sleep, left)
            self._alarm.wait(sleep)

    def _push(self, tenant: Tenant) -> None:
        try:
            while not self._ended.is_set() and tenant.push_one():
                pass
        finally:
            self._busy.discard(tenant)
            self._alarm.ring()
