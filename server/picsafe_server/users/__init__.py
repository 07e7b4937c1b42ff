"""The user server: accounts, institutions, sessions, user tokens and grants, and the index of reports. It never sees a
photo or a key.
"""
