import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.shell.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_tables"), ("allauth_idp_oidc", "0003_client_allow_uri_wildcards")]

    operations = [
        # Here and not in 0001: it points at a table of allauth, whose migrations point at our people.
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("created_at", models.DateTimeField()),
                ("rotated_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43),
                        default=list,
                        size=None,
                        verbose_name="允许来源",
                    ),
                ),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s",
                        to="allauth_idp_oidc.client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portal.organization",
                    ),
                ),
            ],
        ),
        append_only("portal_event"),
        append_only("portal_seal"),
        append_only("portal_checkpoint"),
        append_only("portal_archive"),
        append_only("portal_printedpaper"),
    ]
