"""An invitation makes a user without a way in, and its link gives one, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail as outbox
from django.urls import clear_script_prefix, set_script_prefix
from django.utils import timezone

from accounts.invitations import InvitationError, accept, invite, link, mail, waiting_for
from accounts.models import Identity, Invitation, User

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"


def test_an_unknown_address_makes_a_user_who_cannot_sign_in_yet() -> None:
    group = Group.objects.create(name="research")
    admin = User.objects.create_superuser("root")
    row, token = invite(" Ada@Example.com ", groups=[group], made_by=admin)
    user = User.objects.get(username="ada")
    assert (user.email, list(user.groups.all())) == (ADDRESS, [group])
    assert user.is_active
    assert not user.has_usable_password()
    assert (row.user, row.email, row.made_by) == (user, ADDRESS, admin)
    assert waiting_for(token) == row


def test_the_token_is_stored_as_a_digest_alone() -> None:
    _, token = invite(ADDRESS)
    assert token not in str(Invitation.objects.values())
    assert len(token) >= 43  # 256 bits


def test_the_link_opens_once() -> None:
    row, token = invite(ADDRESS)
    user = accept(row.pk, password="a-long-pass-phrase")
    assert User.objects.get() == user
    assert user.check_password("a-long-pass-phrase")
    assert waiting_for(token) is None
    row.refresh_from_db()
    assert row.opened_at is not None
    with pytest.raises(InvitationError, match="has been used"):
        accept(row.pk, password="another-pass-phrase")
    assert User.objects.get().check_password("a-long-pass-phrase")


def test_without_a_password_the_user_keeps_none() -> None:
    row, _ = invite(ADDRESS)
    assert not accept(row.pk).has_usable_password()


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"opened_at": timezone.now()},
    ],
)
def test_one_that_has_ended_opens_nothing(change: dict[str, Any]) -> None:
    row, token = invite(ADDRESS)
    Invitation.objects.update(**change)
    assert waiting_for(token) is None
    with pytest.raises(InvitationError):
        accept(row.pk)


def test_one_of_a_user_who_was_switched_off_opens_nothing() -> None:
    row, token = invite(ADDRESS)
    User.objects.update(is_active=False)
    assert waiting_for(token) is None
    with pytest.raises(InvitationError):
        accept(row.pk)


def test_one_of_a_user_who_got_a_password_meanwhile_opens_nothing() -> None:
    row, _ = invite(ADDRESS)
    row.user.set_password("set-by-an-admin-1")
    row.user.save()
    with pytest.raises(InvitationError):
        accept(row.pk, password="another-pass-phrase")
    assert User.objects.get().check_password("set-by-an-admin-1")


def test_a_second_invitation_ends_the_first() -> None:
    first, token = invite(ADDRESS)
    second, _ = invite(ADDRESS)
    assert first.user == second.user
    assert waiting_for(token) is None
    assert list(Invitation.objects.waiting()) == [second]


def test_who_can_sign_in_is_not_invited() -> None:
    user = User.objects.create_user("ada", email="ADA@example.com", password="a-long-pass-phrase")
    with pytest.raises(InvitationError, match="ada has this address and can sign in"):
        invite(ADDRESS)
    user.set_unusable_password()
    user.save()
    Identity.objects.create(user=user, issuer="https://id.example", subject="1")
    with pytest.raises(InvitationError, match="can sign in"):
        invite(ADDRESS)


def test_a_user_who_is_switched_off_is_not_invited() -> None:
    User.objects.create_user("ada", email=ADDRESS, is_active=False)
    with pytest.raises(InvitationError, match="not active"):
        invite(ADDRESS)


def test_an_address_of_two_is_refused() -> None:
    for name in ("ada", "eva"):
        User.objects.create_user(name, email=ADDRESS)
    with pytest.raises(InvitationError, match="Several users"):
        invite(ADDRESS)


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "a b@example.com", f"{'a' * 250}@example.com"]
)
def test_what_is_no_address_makes_no_user(address: str) -> None:
    with pytest.raises(InvitationError):
        invite(address)
    assert not User.objects.exists()


def test_a_name_that_is_taken_gets_a_number() -> None:
    User.objects.create_user("Ada")
    assert invite(ADDRESS)[0].user.username == "ada-2"


def test_old_invitations_are_forgotten() -> None:
    row, _ = invite(ADDRESS)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=91))
    invite("eva@example.com")
    assert not Invitation.objects.filter(pk=row.pk).exists()


def test_it_is_mailed_where_a_server_is_configured(settings: Any) -> None:
    row, token = invite(ADDRESS)
    url = link(token, "https://gw.example/gate")
    assert url == f"https://gw.example/gate/accounts/invitation/{token}/"
    settings.EMAIL_URL = ""
    assert not mail(row, url)
    settings.EMAIL_URL = "smtp://mail.example"
    assert mail(row, url)
    (sent,) = outbox.outbox
    assert sent.to == [ADDRESS]
    assert sent.subject == "Your invitation to Gatehouse"
    html = sent.alternatives[0][0]
    assert sent.body.count(token) == 1
    assert html.count(f'href="{url}"') == 2
    assert html.count(token) == 3  # the button, and the bare address that is a link
    assert "An administrator has invited ada@example.com" in html


def test_a_mail_names_its_author_and_escapes_names(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    author = User.objects.create_superuser("<b>root</b>")
    row, token = invite(ADDRESS, made_by=author)
    User.objects.filter(pk=row.user_id).update(username="<i>ada</i>")
    row.refresh_from_db()
    assert mail(row, link(token, "https://gw.example"))
    (sent,) = outbox.outbox
    html = sent.alternatives[0][0]
    assert "&lt;b&gt;root&lt;/b&gt; has invited" in html
    assert "as &lt;i&gt;ada&lt;/i&gt;." in html
    assert "<b>root</b> has invited" in sent.body


def test_a_prefix_of_the_paths_is_in_the_link_once() -> None:
    set_script_prefix("/gate/")
    try:
        assert link("t", "https://gw.example/gate") == (
            "https://gw.example/gate/accounts/invitation/t/"
        )
    finally:
        clear_script_prefix()


def test_a_mail_server_that_is_down_does_not_fail_the_invitation(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    row, token = invite(ADDRESS)
    assert not mail(row, link(token, "https://gw.example"))


def lesser_staff(*permissions: str) -> User:
    """Staff who may invite people, and no more."""
    staff = User.objects.create_user("helper", is_staff=True)
    names = ("add_user", "change_user", *permissions)
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff


@pytest.mark.parametrize(
    "rights", [{"is_superuser": True}, {"is_staff": True}, {"is_staff": True, "is_superuser": True}]
)
def test_staff_get_no_link_into_an_account_with_more_rights(rights: dict[str, bool]) -> None:
    User.objects.create_user("chief", email=ADDRESS, **rights)
    with pytest.raises(InvitationError, match="superuser"):
        invite(ADDRESS, made_by=lesser_staff())
    assert not Invitation.objects.exists()


def test_staff_get_no_link_into_an_account_whose_group_gives_what_they_lack() -> None:
    group = Group.objects.create(name="operators")
    group.permissions.add(Permission.objects.get(codename="change_connection"))
    User.objects.create_user("chief", email=ADDRESS).groups.add(group)
    with pytest.raises(InvitationError, match="superuser"):
        invite(ADDRESS, made_by=lesser_staff())
    root = User.objects.create_user("root", is_staff=True, is_superuser=True)
    assert invite(ADDRESS, made_by=root)


def test_a_link_is_dead_once_its_user_has_rights_that_its_author_lacks() -> None:
    """Its author has seen it, and could open it."""
    row, _ = invite(ADDRESS, made_by=lesser_staff())
    User.objects.filter(pk=row.user_id).update(is_staff=True, is_superuser=True)
    with pytest.raises(InvitationError):
        accept(row.pk, password="a-long-pass-phrase")
    assert not User.objects.get(pk=row.user_id).has_usable_password()


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"is_staff": False},
        {"is_superuser": False},  # may still invite, but gives no groups
    ],
)
def test_a_link_with_groups_is_void_once_its_author_could_not_give_them(
    change: dict[str, bool],
) -> None:
    author = lesser_staff()
    author.is_superuser = True
    author.save()
    row, token = invite(ADDRESS, groups=[Group.objects.create(name="team")], made_by=author)
    assert waiting_for(token) == row
    User.objects.filter(pk=author.pk).update(**change)
    assert waiting_for(token) is None
    with pytest.raises(InvitationError):
        accept(row.pk, password="a-long-pass-phrase")
    assert not User.objects.get(pk=row.user_id).has_usable_password()


def test_a_link_without_groups_outlives_that_its_author_is_no_superuser() -> None:
    author = lesser_staff()
    author.is_superuser = True
    author.save()
    row, token = invite(ADDRESS, made_by=author)
    User.objects.filter(pk=author.pk).update(is_superuser=False)
    assert waiting_for(token) == row
    assert accept(row.pk) == row.user


def test_a_link_is_void_once_its_author_may_invite_no_longer() -> None:
    author = lesser_staff()
    _, token = invite(ADDRESS, made_by=author)
    author.user_permissions.clear()
    assert waiting_for(token) is None


@pytest.mark.parametrize("is_active", [True, False])
def test_the_links_of_a_deleted_author_are_void(is_active: bool) -> None:
    """The invited user may be switched off at that time, and on again later."""
    author = lesser_staff()
    row, token = invite(ADDRESS, made_by=author)
    User.objects.filter(pk=row.user_id).update(is_active=is_active)
    author.delete()
    User.objects.update(is_active=True)
    assert waiting_for(token) is None
    with pytest.raises(InvitationError):
        accept(row.pk)


def test_the_links_of_commands_have_no_author_to_lose() -> None:
    author = lesser_staff()
    row, token = invite(ADDRESS)
    author.delete()
    assert waiting_for(token) == row
