"""Requests to the servers: client, credentials, retries."""
