"""HTTP over the domain, without a socket: `handle(request)` answers, or parks a long poll."""
