"""Ciphers and hashes of the browser (WebCrypto)."""
