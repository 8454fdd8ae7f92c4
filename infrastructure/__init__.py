"""What every room may use: how Redis is reached, what is told of outages, spans of time, mails."""
