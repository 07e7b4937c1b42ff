"""The cloud's HTTP interface, a module a resource. All of it is under `/cloud/{region}`."""
