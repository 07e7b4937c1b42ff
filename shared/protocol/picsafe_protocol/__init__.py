"""The contract between browser, servers and command line: the format, the messages, the errors. No HTTP, no disk, no
framework.

=============  ====================================================================================================
`format`       the `.picsafe` file: package, payload, report, and how both are composed and opened
`crypto`       chunked encryption, the access log's tree, the digest of a package
`contracts`    errors, limits, tokens, identifiers, regions
`json`         strict JSON, timestamps, safe CSV
`anatomy`      body sites
=============  ====================================================================================================

`docs/format.md` is the specification. The public modules `chunked`, `package`, `regions` and `errors` keep their names.
"""
