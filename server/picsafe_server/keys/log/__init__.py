"""The access log: a Merkle tree that only grows."""
