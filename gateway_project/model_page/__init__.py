"""The admin's page of one model: it gathers what the rooms know of it."""
