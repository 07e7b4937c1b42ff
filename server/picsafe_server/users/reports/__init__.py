"""The index of reports: drafts, lifecycle, visibility, grants, expiry."""
