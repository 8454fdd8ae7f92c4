"""What a request and a streamed chunk cost: ``python -m benchmarks``, or ``make bench``."""
