#!/usr/bin/env python
"""The command line of Gatehouse: ``python manage.py`` lists what it does."""

from gateway_project.command_line import main

if __name__ == "__main__":
    main()
