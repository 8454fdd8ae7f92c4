from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_resumable_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='earlierkey',
            name='hint',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=20),
        ),
    ]
