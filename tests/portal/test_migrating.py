"""Tables that are made all at once are the tables that were asked for one by one."""

import pytest
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from portal.shell.migrating import AtOnce

pytestmark = pytest.mark.django_db


class First(AtOnce):
    operations = [
        migrations.CreateModel("Leaf", [("id", models.BigAutoField(primary_key=True))]),
        migrations.CreateModel("Tree", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("leaf", "tree", models.ForeignKey("portal.tree", models.CASCADE)),
        migrations.AddField("leaf", "size", models.IntegerField()),
        migrations.AddConstraint(
            "leaf", models.CheckConstraint(condition=models.Q(size__gt=0), name="grown")
        ),
        migrations.RunSQL("INSERT INTO portal_tree DEFAULT VALUES"),
    ]


class Second(AtOnce):
    operations = [migrations.AddField("tree", "height", models.IntegerField(default=7))]


@pytest.fixture
def wood():
    """Both migrations, one after the other, as the owner."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    state = ProjectState()
    for migration in (First("first", "portal"), Second("second", "portal")):
        with connection.schema_editor() as editor:
            state = migration.apply(state, editor)
    return state.apps.get_model("portal", "Leaf"), state.apps.get_model("portal", "Tree")


def test_a_field_and_a_rule_that_come_later_are_in_the_table(wood):
    Leaf, Tree = wood

    Leaf.objects.create(tree=Tree.objects.get(), size=1)
    with pytest.raises(IntegrityError, match="grown"), transaction.atomic():
        Leaf.objects.create(tree=Tree.objects.get(), size=0)

    assert Leaf.objects.count() == 1


def test_a_table_that_was_there_before_is_added_to(wood):
    assert wood[1].objects.get().height == 7
