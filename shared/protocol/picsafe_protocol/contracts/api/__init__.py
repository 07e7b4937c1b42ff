"""The messages of the HTTP interface, each stated once.

Servers build their answers from these classes and read requests into them, and the OpenAPI document follows. The page
and the command use `json.messages`. Field names are the wire names, unless `WIRE_NAME` says otherwise. Times are
RFC 3339 in UTC, sizes are bytes.
"""
