"""The index of large archives: coarse codes to scan, fine codes with a proven error bound."""
