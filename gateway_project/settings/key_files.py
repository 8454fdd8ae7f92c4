"""The folder with the files that connections may take keys from, and those that are not for it."""

from __future__ import annotations

from gateway_project.settings import environment, forms
from gateway_project.settings.secret_files import own_files

GATEWAY_KEY_FILES_DIR = environment.text(
    "GATEWAY_KEY_FILES_DIR", "/run/secrets", form=forms.folder_problem
)
OWN_SECRET_FILES = tuple(own_files())
