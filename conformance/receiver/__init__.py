"""The Receiver's side of the wire: connection, operations, streams, polls and pushes."""
