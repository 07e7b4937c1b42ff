"""What every role runs on: clock, database, configuration values, recurring tasks."""
