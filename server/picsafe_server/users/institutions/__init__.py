"""Institutions: policy, members and service accounts."""
