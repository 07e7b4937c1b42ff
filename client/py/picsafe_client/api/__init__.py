"""Requests to the servers, and the stream of live changes."""
