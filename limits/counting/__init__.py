"""What requests used, in the ledger's own figures: prices, periods, rebuilding."""
