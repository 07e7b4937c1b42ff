"""The key server: it makes, keeps and gives out report keys, and writes down to whom. It never sees a package."""
