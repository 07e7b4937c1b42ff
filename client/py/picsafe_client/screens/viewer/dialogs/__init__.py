"""Saving, printing, copying and exporting what is shown."""
