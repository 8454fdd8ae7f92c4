"""Where it is counted what was used of each limit: in Redis for all workers, else in memory."""
