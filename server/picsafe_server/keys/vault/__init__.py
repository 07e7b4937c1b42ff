"""Master keys, and report keys wrapped under them."""
