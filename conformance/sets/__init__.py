"""Everything that a SET must be, as pure functions over tokens."""
