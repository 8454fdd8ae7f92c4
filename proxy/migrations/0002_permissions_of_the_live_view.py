from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('proxy', '0001_stored_responses'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='storedresponse',
            options={'permissions': (('view_live', 'Can watch live requests'), ('end_request', 'Can end live requests'))},
        ),
    ]
