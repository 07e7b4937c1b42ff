"""Every limit, with its unit and its reason. `docs/limits.md` lists them; tests stand at each limit and one past it."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

PACKAGE_BYTES: Final = 4 * 1024 * MIB - 1
"""A `.picsafe` file: what a zip without ZIP64 can address."""

HEADER_BYTES: Final = 64 * KIB
"""`package.json`: many times what version 1 needs, small enough to read before anything is trusted."""

REPORT_JSON_BYTES: Final = 4 * MIB
"""`report.json`: room for the most media with long notes; parsed in memory by a phone's browser."""

MEDIA_COUNT: Final = 500
"""Media in one report: an operation's photos, and still a list that a person can look through."""

MEDIA_FILE_BYTES: Final = PACKAGE_BYTES - 16 * MIB
"""One photo, video or sound: the package less room for everything else."""

THUMBNAIL_BYTES: Final = 128 * KIB
"""One thumbnail: 320 pixels of JPEG need a quarter of it."""

NOTES_CHARACTERS: Final = 20_000
"""Free notes on a report: ten printed pages."""

NAME_CHARACTERS: Final = 200
"""A person's or an institution's name, a record number, a body site."""

RECIPIENTS: Final = 50
"""Recipients of one report: a department, not a mailing list."""

EMAIL_CHARACTERS: Final = 254
"""RFC 5321's longest address."""

PASSWORD_CHARACTERS_MIN: Final = 12
PASSWORD_CHARACTERS_MAX: Final = 256
"""A password: NIST SP 800-63B asks for at least 8; twelve because it guards patients. The top keeps Argon2id from being fed megabytes."""

REPORT_DAYS: Final = 7
"""The longest that a report is kept; a setting can only shorten it."""

UPLOAD_PART_BYTES: Final = 8 * MIB
"""One part of an upload, the last excepted: S3 demands 5 MiB at least; larger ones lose more when a connection breaks."""

UPLOAD_HOURS: Final = 24
"""An upload that is not completed by then is deleted."""

JSON_BODY_BYTES: Final = 256 * KIB
"""The body of any JSON request."""

PAGE_ROWS: Final = 200
"""Rows of one page of any list."""

USER_TOKEN_SECONDS: Final = 300
"""Life of a user token: long enough for one opening, short enough to be useless when stolen."""

GRANT_SECONDS: Final = 3600
"""Life of a grant: one upload of a large report over a slow line; a client simply asks for another."""

CLOCK_LEEWAY_SECONDS: Final = 60
"""How far the clocks of two servers may differ."""

SESSION_DAYS: Final = 30
"""The longest life of a session."""

SESSION_IDLE_HOURS: Final = 12
"""A session unused for so long is over: one shift."""

IDLE_LOCK_MINUTES: Final = 10
"""The page locks after so long without a touch; an institution may shorten it."""

SIGN_IN_ATTEMPTS: Final = 10
SIGN_IN_WINDOW_SECONDS: Final = 900
"""Failed sign-ins per account and per address in the window before further ones wait."""
