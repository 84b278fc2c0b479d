"""Care of an archive folder: verify, repair, back up, restore, erase, summarise."""
