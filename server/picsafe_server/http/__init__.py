"""What every role does with HTTP: access, limits, problems, headers."""
