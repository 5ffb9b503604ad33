from django.db import migrations

from portal.shell.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0001_tables"), ("portal", "0002_guards")]

    operations = [append_only("subsidies_policyversion")]
