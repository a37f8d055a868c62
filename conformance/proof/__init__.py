"""The suite proven on the bundled mock: every fault seen, no variant alarming."""
