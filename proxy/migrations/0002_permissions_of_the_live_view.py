from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxy', '0001_stored_responses'),
    ]

    operations = [
        migrations.CreateModel(
            name='LiveRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'permissions': (('view_live', 'Can watch live requests'), ('end_request', 'Can end live requests')),
                'managed': False,
                'default_permissions': (),
            },
        ),
    ]
