"""Labelled person crops: paths or archives in, `DataSet` and label arrays out."""
