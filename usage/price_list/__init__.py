"""The list of prices that comes along: a digest of the one of the package genai-prices."""

from pathlib import Path

DIGEST = Path(__file__).with_name("prices.jsonl")
