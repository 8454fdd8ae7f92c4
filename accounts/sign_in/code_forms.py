"""allauth's forms for codes, with the limits of :mod:`accounts.sign_in.limits`."""

from __future__ import annotations

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm

from accounts.sign_in.limits import with_limit


class LimitedAuthenticateForm(AuthenticateForm):
    def clean_code(self) -> str:
        code: str = with_limit(self.user, super().clean_code)
        return code


class LimitedReauthenticateForm(ReauthenticateForm):
    def clean_code(self) -> str:
        code: str = with_limit(self.user, super().clean_code)
        return code


class LimitedActivateTOTPForm(ActivateTOTPForm):
    def clean_code(self) -> str:
        code: str = with_limit(self.user, super().clean_code)
        return code
