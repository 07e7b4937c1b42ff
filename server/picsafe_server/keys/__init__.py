"""The key server: makes, stores and releases report keys, and logs every release. It never sees a package."""
