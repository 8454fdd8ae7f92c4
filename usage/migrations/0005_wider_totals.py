from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0004_believable_figures'),
    ]

    operations = [
        migrations.AlterField(
            model_name='usageday',
            name='cost',
            field=models.DecimalField(decimal_places=10, max_digits=30),
        ),
    ]
