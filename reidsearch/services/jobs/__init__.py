"""Long work as jobs. In: requests, and who asks. Out: jobs with their progress and results.

`service.py` keeps the queue, `runner.py` runs it in child processes, `child.py` is the runner's
side of one, `told.py` the side of the process itself, `folders.py` what may be indexed.
"""
