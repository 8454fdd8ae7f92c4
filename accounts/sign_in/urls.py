"""The pages of signing in. No page makes a user, and none resets a password: admins do that.

A page gives the way in to a user whom an admin has invited."""

from allauth.account import views as account
from allauth.socialaccount import views as social
from django.urls import include, path

from accounts.sign_in.invitations import choose_way_in, follow_link
from accounts.sign_in.passwords import (
    SignInView,
    for_those_with_a_password,
    where_passwords_count,
)

urlpatterns = [
    path("login/", SignInView.as_view(), name="account_login"),
    path(
        "reauthenticate/",
        where_passwords_count(account.reauthenticate),
        name="account_reauthenticate",
    ),
    path(
        "password/change/",
        where_passwords_count(for_those_with_a_password(account.password_change)),
        name="account_change_password",
    ),
    path("invitation/", choose_way_in, name="invitation"),
    path("invitation/<str:token>/", follow_link, name="invitation_link"),
    path("2fa/", include("allauth.mfa.urls")),
    path("", include("accounts.oidc.urls")),
    path("oidc/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("identities/", social.connections, name="socialaccount_connections"),
]
