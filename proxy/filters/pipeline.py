"""The former name of :mod:`proxy.filters.chain`, for filters that were written for it."""

from proxy.filters.chain import FilterRejected

__all__ = ["FilterRejected"]
