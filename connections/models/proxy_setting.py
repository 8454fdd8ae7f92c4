"""The proxy of a connection: its address in the clear, user and password encrypted."""

from __future__ import annotations

from django.db import models

from accounts.encryption import EncryptionError, keyring
from accounts.outgoing_proxies import HIDDEN, masked_proxy, split_credentials, with_credentials
from connections.rules import validators


class ProxySetting(models.Model):
    """Two columns of a connection, which ``proxy_url`` reads and writes as one.

    ``proxy`` is empty for the gateway's proxy, ``none``, or a URL. The ciphertext is bound to the
    connection's ``url_index``, which never changes.
    """

    proxy = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",  # for the version before, which may still be running
        validators=[validators.validate_proxy],
        help_text="Empty: GATEWAY_UPSTREAM_PROXY. none: no proxy. Or the URL of one, such as "
        "http://user:password@proxy.example:3128.",
    )
    proxy_ciphertext = models.TextField(blank=True, default="", db_default="", editable=False)

    class Meta:
        abstract = True

    # Given since the row was read, and not encrypted yet.
    _proxy_credentials: str | None = None

    @property
    def proxy_url(self) -> str:
        """``proxy`` with user and password; with … for those that cannot be decrypted."""
        try:
            return self.open_proxy_url()
        except EncryptionError:
            return with_credentials(self.proxy, HIDDEN)

    @proxy_url.setter
    def proxy_url(self, url: str) -> None:
        bare, userinfo = split_credentials(url)
        if HIDDEN in userinfo and bare == self.proxy:
            return
        self.proxy, self._proxy_credentials = bare, userinfo

    @property
    def masked_proxy(self) -> str:
        """What may be shown."""
        return masked_proxy(self.proxy_url)

    @property
    def proxy_bound_to(self) -> str:
        """What the ciphertext is bound to. The connection has its ``url_index`` by then."""
        return f"connections.connection.proxy:{getattr(self, 'url_index', None)}"

    def open_proxy_url(self) -> str:
        """``proxy`` with user and password. Raises ``EncryptionError``."""
        if self._proxy_credentials is not None:
            return with_credentials(self.proxy, self._proxy_credentials)
        if not self.proxy_ciphertext:
            return self.proxy
        userinfo = keyring().decrypt(self.proxy_ciphertext, bound_to=self.proxy_bound_to)
        return with_credentials(self.proxy, userinfo)

    def encrypt_proxy(self) -> None:
        """Before the row is written: nothing of a password stays in ``proxy``."""
        if split_credentials(self.proxy)[1]:
            self.proxy_url = self.proxy
        if (userinfo := self._proxy_credentials) is None:
            return
        self._proxy_credentials = None
        self.proxy_ciphertext = (
            keyring().encrypt(userinfo, bound_to=self.proxy_bound_to) if userinfo else ""
        )
