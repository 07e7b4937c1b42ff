"""Real browsers for tests, and what people do in them."""
