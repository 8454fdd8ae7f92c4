"""From a sign-in to a stored token."""

from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken

from accounts.oauth.signing_in import seal


def test_a_sign_in_under_way_holds_no_token_in_the_clear():
    login = SocialLogin(
        account=SocialAccount(provider="https://id.example", uid="1"),
    )
    login.token = SocialToken(token="canary-access", token_secret="canary-refresh")
    seal(login)
    assert "canary" not in login.token.token + login.token.token_secret
