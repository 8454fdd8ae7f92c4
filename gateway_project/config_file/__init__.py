"""The configuration file: read, applied to the database, and written from it.

``source`` knows YAML and lines, ``document`` knows what may stand in the file, ``applying`` and
``exporting`` know the database.
"""
