"""Where a request enters the mock, without a socket."""

from mock_transmitter.control.api import ControlApi
from mock_transmitter.http.message import Lasting, Parked, Request, Response
from mock_transmitter.http.routes import segments_of
from mock_transmitter.tenants import Tenants

_CONTROL = "_control"


class Site(Tenants):
    """Tenants that answer requests, each with the control API below its issuer."""

    def handle(self, request: Request) -> Response | Parked | Lasting:
        """Answer a request, park it, or say how it is answered in a while."""
        segments = segments_of(request.path)
        if segments is None:
            return Response.json(404, {"error": "not_found", "error_description": "no such path"})
        tenant, below = self.find(segments)
        if below[:1] == (_CONTROL,):
            return ControlApi(self).handle(tenant, request, below[1:])
        return tenant.handle(request)
