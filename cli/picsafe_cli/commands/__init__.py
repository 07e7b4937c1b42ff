"""The `picsafe` commands: each connects the arguments with the packages that do the work."""
