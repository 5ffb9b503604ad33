from django.db import migrations

from portal.shell.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_tables")]

    operations = [append_only("portal_event"), append_only("portal_seal"), append_only("portal_checkpoint"), append_only("portal_archive")]
