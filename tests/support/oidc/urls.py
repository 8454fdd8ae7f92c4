"""allauth's endpoints, and short cuts that a test takes to people and their sign-in."""

import json
import threading

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth import login
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from tests.support.oidc import adapter

grants: dict[str, int] = {}
counting = threading.Lock()


def count_grants(get_response):
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.endswith("/token"):
            with counting:
                kind = request.POST.get("grant_type", "")
                grants[kind] = grants.get(kind, 0) + 1
        return get_response(request)

    return middleware


def make_client(request: HttpRequest) -> HttpResponse:
    wanted = json.loads(request.body)
    client = Client(id=wanted["id"], name="Gatehouse", skip_consent=True)
    client.set_secret(wanted["secret"])
    client.set_scopes(["openid", "email", "profile"])
    client.set_default_scopes(["openid"])
    client.set_grant_types(["authorization_code", "refresh_token"])
    client.set_redirect_uris([wanted["redirect_uri"]])
    client.save()
    return JsonResponse({})


def make_person(request: HttpRequest) -> HttpResponse:
    """Make or change somebody: name, email, is_verified, groups, claims."""
    wanted = json.loads(request.body)
    user, _ = User.objects.get_or_create(username=wanted["name"])
    user.email = wanted["email"]
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    if user.email:
        EmailAddress.objects.create(
            user=user, email=user.email, verified=wanted["is_verified"], primary=True
        )
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in wanted["groups"]])
    adapter.said[user.username] = wanted["claims"]
    return JsonResponse({"sub": str(user.pk)})


def change_document(request: HttpRequest) -> HttpResponse:
    adapter.document.clear()
    adapter.document.update(json.loads(request.body))
    return JsonResponse({})


def be(request: HttpRequest, name: str) -> HttpResponse:
    """Sign in as somebody."""
    login(request, User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    return JsonResponse({})


def revoke(request: HttpRequest) -> HttpResponse:
    """Take every refresh token back."""
    Token.objects.filter(type=Token.Type.REFRESH_TOKEN).delete()
    return JsonResponse({})


def counted(request: HttpRequest) -> HttpResponse:
    return JsonResponse(grants)


urlpatterns = [
    path("test/client", make_client),
    path("test/person", make_person),
    path("test/document", change_document),
    path("test/be/<str:name>", be),
    path("test/revoke", revoke),
    path("test/grants", counted),
    path("accounts/", include("allauth.account.urls")),
    path("", include("allauth.idp.urls")),
]
