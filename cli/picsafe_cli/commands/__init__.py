"""What each `picsafe` command does, between the arguments and the parts that do the work."""
