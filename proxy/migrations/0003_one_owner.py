from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def keep_the_first_owner(apps, schema_editor):
    """An id that one connection gave to two users stays with the first of them."""
    rows = apps.get_model("proxy", "StoredResponse").objects.using(schema_editor.connection.alias)
    same = rows.filter(response_id=OuterRef("response_id"), connection_id=OuterRef("connection_id"))
    first = Subquery(same.order_by("pk").values("pk")[:1])
    later = rows.annotate(first=first).exclude(pk=models.F("first")).values_list("pk", flat=True)
    rows.filter(pk__in=list(later)).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0001_initial"),
        ("proxy", "0002_permissions_of_the_live_view"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(keep_the_first_owner, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="storedresponse",
            name="proxy_stored_response_unique",
        ),
        migrations.AddConstraint(
            model_name="storedresponse",
            constraint=models.UniqueConstraint(
                fields=("response_id", "connection"), name="proxy_stored_response_one_owner"
            ),
        ),
    ]
