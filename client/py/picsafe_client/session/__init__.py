"""The person who is signed in: identity, idle lock, and the bridge to sign-in."""
