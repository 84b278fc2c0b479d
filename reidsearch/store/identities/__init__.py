"""Identity decisions: the log, the identities that it leaves in force, proposals."""
