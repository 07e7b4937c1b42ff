"""The `picsafe` command: send, open and sync reports from a computer without a browser."""
