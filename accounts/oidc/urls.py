from django.urls import path

from accounts.oidc.views import SignOutView, callback, login

urlpatterns = [
    path("logout/", SignOutView.as_view(), name="account_logout"),
    path("oidc/login/", login, name="oidc_login"),
    path("oidc/callback/", callback, name="oidc_callback"),
]
