"""The account page and the page of an invitation."""
