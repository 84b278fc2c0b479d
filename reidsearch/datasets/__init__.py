"""Labelled person crops. In: paths or archives. Out: `DataSet` and label arrays."""
