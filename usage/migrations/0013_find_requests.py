"""Indexes for the admin's list of requests.

On PostgreSQL each keeps the flusher from writing while it is made, seconds for a million rows;
records wait in the journal meanwhile.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0012_images'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='usagerow',
            options={'ordering': ('-request_id',), 'verbose_name': 'usage record', 'verbose_name_plural': 'requests'},
        ),
        migrations.RemoveIndex(
            model_name='usagerow',
            name='usage_row_client_request',
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(fields=['client_request_id'], name='usage_row_client_id', opclasses=('varchar_pattern_ops',)),
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(fields=['upstream_request_id'], name='usage_row_upstream_id', opclasses=('varchar_pattern_ops',)),
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(fields=['model', 'accepted_at'], name='usage_row_model_time', opclasses=('varchar_pattern_ops', 'timestamptz_ops')),
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(condition=models.Q(models.Q(('status__gte', 400), models.Q(('error_code', ''), _negated=True), _connector='OR'), ('is_client_gone', False)), fields=['accepted_at'], name='usage_row_failed'),
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(condition=models.Q(('is_client_gone', True)), fields=['accepted_at'], name='usage_row_left'),
        ),
        migrations.AddIndex(
            model_name='usagerow',
            index=models.Index(condition=models.Q(('duration_ms__gte', 30000)), fields=['accepted_at'], name='usage_row_slow'),
        ),
    ]
