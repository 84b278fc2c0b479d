"""Models: a name or file goes in, verified files on disk and an OpenVINO runtime come out.

`catalogue` what is known by name · `locate` where a model is found · `store` the user's cache
folder · `download` and `importing` how a model gets there · `runtime` OpenVINO itself ·
`compiled` from a name to a graph that runs.
"""
