"""What a Transmitter is and does: no HTTP, no I/O, and time only through a clock."""
