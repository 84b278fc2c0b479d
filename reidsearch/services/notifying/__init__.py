"""Telling somebody of new answers of saved questions: by a command, or by a webhook."""
