"""What a run does where nobody says otherwise."""

EXAMPLES = 20
