"""The rules for a SET, as pure functions over tokens."""
