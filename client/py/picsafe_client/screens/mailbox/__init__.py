"""The inbox and the list of sent reports."""
