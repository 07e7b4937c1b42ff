"""HTTP for every role: access, limits, problems, headers."""
