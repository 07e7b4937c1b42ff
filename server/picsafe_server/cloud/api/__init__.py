"""HTTP routes of the cloud role, one module per resource, all under `/cloud/{region}`."""
