"""How a database comes to its tables in seconds."""

from django.db import migrations

INTO_A_TABLE = (migrations.AddField, migrations.AddConstraint, migrations.AddIndex)


class AtOnce(migrations.Migration):
    """Notes all that it brings before it makes the first table: else Django renders the city's models anew after each."""

    def apply(self, project_state, schema_editor, collect_sql=False):
        after = project_state.clone()
        # While nothing is rendered, a state only takes notes.
        after.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(self.app_label, after)
        for operation in self.operations:
            if not self._is_in_its_table(operation, project_state):
                operation.database_forwards(self.app_label, schema_editor, project_state, after)
        return after

    def _is_in_its_table(self, operation, before) -> bool:
        """Whether the table that this adds to is made here, with everything in it."""
        return (
            isinstance(operation, INTO_A_TABLE)
            and (self.app_label, operation.model_name_lower) not in before.models
        )
