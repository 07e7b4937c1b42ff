"""Drafts of the sending form that survive a lock, a reload and a killed browser: sealed on this computer.

Not to be confused with the "draft" of the user server, which is a report that has been begun there.
"""
