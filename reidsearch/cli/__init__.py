"""The command line. In: arguments. Out: text, JSON, pictures, exit codes.

One file a command, each: parse -> one library call -> present. Nothing but click is imported
before a command runs; a command imports what it uses inside its function.
"""
