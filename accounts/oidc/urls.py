from django.urls import path

from accounts.oidc.views import callback, login

urlpatterns = [
    path("login/", login, name="oidc_login"),
    path("callback/", callback, name="oidc_callback"),
]
