"""Chunked encryption, Merkle trees and the digest of a package."""
