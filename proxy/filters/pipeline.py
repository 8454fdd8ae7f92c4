"""The former name of :mod:`proxy.filters.chain`, for filters that were written for 0.1."""

from proxy.filters.chain import FilterRejected

__all__ = ["FilterRejected"]
