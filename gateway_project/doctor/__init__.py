"""Looking over an installation: a finding for each of its parts, with a remedy where one is due."""
