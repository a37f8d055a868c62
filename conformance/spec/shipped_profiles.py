"""Where the shipped profiles are, and their ids."""

from pathlib import Path

DIRECTORY = Path(__file__).parent / "profiles"


def profile_ids() -> tuple[str, ...]:
    """Return the ids of the shipped profiles."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.toml")))
