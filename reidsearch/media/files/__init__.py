"""What lies at given paths. In: paths. Out: an inventory, and crop inputs from it, one by one.

inventory    one pass over the paths: pictures, containers, manifests, footage, what was skipped
crop_inputs  pictures, members of containers and rows of manifests, lazily
locators     where the bytes of a crop input lie, as plain data
"""
