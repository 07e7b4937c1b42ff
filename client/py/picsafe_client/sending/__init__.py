"""Sending a report: cleaning, packing, uploading, and the jobs that do so."""
