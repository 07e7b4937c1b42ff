"""What browser, servers, command line and sync agree on: the format, the words, the errors. No HTTP, no disk, no framework.

=====================  =================================================================================================
the format             `package` (the `.picsafe` file), `payload` (what is encrypted), `storedzip` (the zip of both),
                       `chunked` (the encryption) with `ciphers` and `buffers`, `report`, `consent` and `files` (what
                       `report.json` says), `schema/report.schema.json`; `docs/format.md` is the specification
before sending         `media`: what a photo, video or sound is, and a copy of it without metadata; `sending`: which files may go,
                       how `report.json` describes them
opening                `opening`: the one path on which bytes become trusted
contracts              `tokens`, `identifiers`, `regions`, `merkle` (the access log's tree), `errors`, `limits`
ways of writing        `filenames`, `times`, `strictjson`, `fields`, `csvcells`
=====================  =================================================================================================
"""
