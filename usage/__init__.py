"""What was used, what it cost, whether more may be used."""
