"""How requests reach a site, in process or over sockets, and how pushes leave it."""
