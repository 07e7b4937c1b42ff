"""The demo that `make run` starts: an institution, its people, and one sample report."""
