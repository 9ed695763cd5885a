"""The error that readers raise when a file is not what it should be."""


class DataFileError(ValueError):
    """A data file is damaged or not the file expected; the message names both."""
