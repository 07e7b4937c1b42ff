"""Group commit: changes to keys and entries of the log become durable together."""
