"""Every limit, with its unit and its reason. `docs/limits.md` lists them; tests check each at its value and one past
it.
"""

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

JSON_NESTING: Final = 16
"""Arrays and objects inside one another in `package.json` and `report.json`, which need four. Python in a browser dies
of a few thousand.
"""

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

LABEL_NOTES_CHARACTERS: Final = 160
"""Of the first line of the notes, in the label by which a list shows whose report it is: two lines of a row."""

MARKS_AT_ONCE: Final = 200
"""Reports that one request marks as done or filed: more than anybody selects, and one transaction."""

LABELS_AT_ONCE: Final = 100
"""Reports whose labels, or the keys of these, one request asks for: more rows than any screen shows."""

RECIPIENTS: Final = 50
"""Recipients of one report: a department, not a mailing list."""

EMAIL_CHARACTERS: Final = 254
"""RFC 5321's longest address."""

PASSWORD_CHARACTERS_MIN: Final = 12
PASSWORD_CHARACTERS_MAX: Final = 256
"""A password: NIST SP 800-63B asks for at least 8; twelve because it guards patients. The top keeps Argon2id from being
fed megabytes.
"""

REPORT_DAYS: Final = 7
"""The longest that a report is kept; a setting can only shorten it."""

UPLOAD_PART_BYTES: Final = 8 * MIB
"""One part of an upload, the last excepted: S3 demands 5 MiB at least; larger ones lose more when a connection
breaks.
"""

UPLOAD_HOURS: Final = 24
"""An upload that is not completed by then is deleted."""

UPLOAD_IDLE_SECONDS: Final = 60
"""A sender that is silent for so long within a part is gone: what came of that part is thrown away, and it is sent
again.
"""

UPLOAD_PARTS_UNDER_WAY: Final = 8
"""Parts of one upload that are received at once: more than fill any line. Of each the server holds a block in memory
and the rest on its disk.
"""

PARTS_UNDER_WAY: Final = 1024
"""The same for all uploads of one process, more than all open drafts of one person can have: at the worst some 300 MB
of memory and 8 GiB of disk.
"""

JSON_BODY_BYTES: Final = 256 * KIB
"""The body of any JSON request."""

COMPLETION_BYTES: Final = 1 * MIB
"""The body of the one that completes an upload: 32 bytes for each 256 KiB of the largest package, in base64."""

REQUEST_HEAD_BYTES: Final = 64 * KIB
"""The line and headers of a request: ten times what browsers send, with the longest token."""
REQUEST_HEAD_SECONDS: Final = 20
"""Until they are there, counted from the connection: a phone at the edge of a network needs seconds."""
REQUEST_BODY_SECONDS: Final = 30
"""Until a small body is there."""
REQUEST_BODY_BYTES: Final = 2 * UPLOAD_PART_BYTES
"""Any body, also one that nobody reads: twice the largest that is asked for, so that a part that is a little too long
gets its answer.
"""
REQUEST_REST_SECONDS: Final = 30
"""For the rest of a body that was answered before its end, such as a part of an upload that is refused; then the
connection ends.
"""
ANSWER_PROGRESS_SECONDS: Final = 60
ANSWER_PROGRESS_BYTES: Final = 64 * KIB
"""While bytes of an answer wait, a client takes so many within the time, or its connection ends: a kilobyte a second,
below any network.
"""
PIPELINED_REQUESTS: Final = 16
"""Requests that wait on one connection for the answer to an earlier one: browsers send none, and each is held in
memory.
"""
UPLOAD_BYTES_PER_SECOND: Final = 4 * KIB
"""How slowly a large body may come: a part of an upload gets the time that it takes at this rate, some half an hour."""
CONNECTIONS: Final = 8192
"""Connections to one server process, live inboxes included: some 500 MB when all are there. Others are answered with
503.
"""

PAGE_ROWS: Final = 200
"""Rows of one page of any list."""

USER_TOKEN_SECONDS: Final = 300
"""Life of a user token: long enough for one opening, short enough to be useless when stolen."""

GRANT_SECONDS: Final = 300
"""Life of a grant: as short as a user token's, so that a disabled account soon uploads and downloads nothing. A long
transfer renews it.
"""

GRANT_RENEWAL_SECONDS: Final = 240
"""Age at which a long upload asks for another grant: before a part is refused half-way, with a minute to spare for
clocks.
"""

CLOCK_LEEWAY_SECONDS: Final = 60
"""How far the clocks of two servers may differ."""

SESSION_DAYS: Final = 30
"""The longest life of a session."""

SESSION_IDLE_HOURS: Final = 12
"""A session unused for so long is over: one shift."""

SESSIONS: Final = 20
"""Open sessions of one account: more devices than anybody signs in with. One more ends the one that was used longest
ago.
"""

IDLE_LOCK_MINUTES: Final = 10
"""The page locks after so long without a touch; an institution may shorten it."""

SIGN_IN_ATTEMPTS: Final = 10
SIGN_IN_WINDOW_SECONDS: Final = 900
"""Failed sign-ins to one account in the window before further ones wait: nobody mistypes more often, and guessing stays
hopeless.
"""

SIGN_IN_ATTEMPTS_PER_ADDRESS: Final = 100
"""Failed sign-ins from one client address in the same window: a whole hospital may share one address."""

KNOWN_DEVICE_DAYS: Final = 180
"""A browser that somebody signed in with is remembered for so long after the last time: longer than anybody is on
leave.
"""

INVITATION_DAYS: Final = 7
"""An invitation that is not accepted by then is worthless: long enough for somebody on leave for a few days."""

DEVICE_CHARACTERS: Final = 100
"""What a session calls the device that it lives on, for its owner's list of sessions."""

URL_CHARACTERS: Final = 500
"""The base URL of a key server."""

KEY_SERVERS: Final = 20
"""Key servers that one institution allows besides the operator's: each is a party it trusts with its keys."""

SERVICE_ACCOUNTS: Final = 50
"""Service accounts of one institution: one for each system that polls."""

OPEN_DRAFTS: Final = 100
"""Reports that one person has begun and not completed within `UPLOAD_HOURS`: a runaway program stops here."""

OUTBOX_HOURS: Final = UPLOAD_HOURS
"""An encrypted report is delivered without its sender for so long: as long as an upload may take."""

SEALED_DRAFT_HOURS: Final = 24
"""A draft that a browser keeps sealed, from when it was begun: over night, and no archive."""

SEALED_DRAFTS: Final = 50
"""Such drafts of one person at a time: more than anybody leaves unsent in a day, on however many computers."""

SEALED_DRAFT_REQUESTS: Final = 300
"""Requests of one person to one process for secrets of drafts in `LOOK_UP_WINDOW_SECONDS`: one at each unlock and for
each report, and a bound on what they write into the security log.
"""

KEPT_REPORTS: Final = 2000
"""Reports of one sender that are under way or kept: nearly three hundred a day, for the seven days that they live."""

KEPT_BYTES: Final = 128 * 1024 * MIB
"""Their packages together: eighteen gigabytes a day, a busy clinic with video; no single account fills a region."""

UNDECLARED_BYTES: Final = 1024 * MIB
"""What a report may take whose sender did not say how large it is going to be."""

RECIPIENT_SUGGESTIONS: Final = 20
"""Recipients that one search answers with: what fits on a screen; typing more narrows it."""

UNKNOWN_RECIPIENTS: Final = 100
RECIPIENT_SEARCHES: Final = 1000
LOOK_UP_WINDOW_SECONDS: Final = 3600
"""Addresses without an account that one person names as recipients in the window, and searches for recipients that a
process answers one person in it: twice a whole list that is out of date, and a day's typing; testing who has an account
takes years. Searches are counted in memory: they are reads, which write nothing.
"""

REPORT_INDEX_DAYS: Final = 30
"""How long the index remembers a report after its time, without any content: its sender can still see who opened it."""

LIVE_STREAMS: Final = 20
"""Live inboxes that one session or service account holds open in one process: more tabs than anybody looks at."""

ACCOUNT_LIVE_STREAMS: Final = 40
"""Live inboxes of all sessions of one account together in one process: two devices full of tabs, half a per cent of
`CONNECTIONS`.
"""

EVENT_DAYS: Final = REPORT_DAYS + 1
"""How long a live inbox that lost its connection can resume where it stopped: longer than any report is there."""

ZIP_NAME_BYTES: Final = 100
"""A member's name: several times the longest that the format uses."""

CAPTION_CHARACTERS: Final = 1000
"""The caption of one medium: a paragraph."""

CONSENT_RECORDS: Final = 100
"""Consent records of one report: every change of mind of a long treatment."""

PIXELS_PER_SIDE: Final = 65_535
"""Width and height of a photo or video: what JPEG can say."""

THUMBNAIL_AREA_PIXELS: Final = 640 * 640
"""A thumbnail that is decoded, width times height: four times those that PicSafe makes. Five hundred take 0.8 GB in a
browser that holds all; 128 KiB can claim to be 1.6 GB each.
"""

PHOTO_PIXELS: Final = 128 * 1024 * 1024
"""A photo that is decoded, width times height: phones of 108 megapixels stay below. Decoded it takes 512 MiB; a larger
one is not shown, only saved.
"""

PHOTO_FRAMES: Final = 10_000
"""Pictures of an animation that is decoded: five minutes at thirty a second. Browsers remember something of each."""

VIDEO_PIXELS: Final = 8192 * 4352
"""A film that is played, width times height: 8K. A player holds about ten such pictures, 0.5 GB."""

DURATION_SECONDS: Final = 86_400
"""Length of a video or sound: a day."""

PAYLOAD_MEMBERS: Final = 1 + 2 * MEDIA_COUNT + CONSENT_RECORDS
"""Members of a payload: `report.json`, every medium with its thumbnail, every consent record with its evidence."""

REASON_CHARACTERS: Final = 500
"""Why somebody opens a report, as the access log keeps it: a sentence or two."""

REFUSALS_LOGGED: Final = 20
REFUSAL_WINDOW_SECONDS: Final = 3600
"""Refused requests for keys of one person that the access log lists in the window: entries are never deleted, so a
flood must not fill the log. Further ones are refused too, without an entry.
"""

KEY_REQUESTS: Final = 1000
KEY_REQUESTS_OF_MACHINES: Final = 20_000
KEY_REQUEST_WINDOW_SECONDS: Final = 3600
"""Requests for keys of one person, and of one service account, that a process of the key server takes in the window: a
morning's reports many times over, and a record system that catches up on a week. The access log is never shortened, so
no account may grow it without end.
"""

LABEL_KEYS: Final = 5000
"""Keys of labels that a process of the key server gives one account in `KEY_REQUEST_WINDOW_SECONDS`: fifty rows after
each of a hundred unlocks. Counted apart from `KEY_REQUESTS`, so that lists never use up what opening needs.
"""

REPORTS_BEGUN: Final = 1000
BEGUN_WINDOW_SECONDS: Final = 86_400
"""Reports that one sender begins in the window, withdrawn ones included: three times the daily share of `KEPT_REPORTS`.
Beginning, making the key and withdrawing leaves entries in the access log that stay.
"""
