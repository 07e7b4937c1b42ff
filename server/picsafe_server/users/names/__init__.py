"""Names, e-mail addresses and domains in their canonical form."""
