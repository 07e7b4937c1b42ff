"""The messages of the HTTP interface, each stated once.

Servers build their answers from these classes, and the OpenAPI document follows from them. The page and the command
read answers with `json.messages.read`. Field names are the wire names. Times are RFC 3339 in UTC, sizes are bytes.
"""
