"""What all parts agree on: errors, limits, tokens, identifiers, regions."""
