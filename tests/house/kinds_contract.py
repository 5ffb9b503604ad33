"""What may import what: down the list of kinds inside a room, and only what a room keeps open for others."""

from dataclasses import dataclass

from importlinter import Contract, ContractCheck, fields, output


@dataclass(frozen=True)
class Place:
    """A module's address in the house; `kind` is empty for helpers that no list names."""

    floor: str
    room: str
    kind: str

    @classmethod
    def of(cls, module: str, kinds: set[str]) -> "Place":
        floor, room, kind = (module.split(".") + ["", ""])[:3]
        return cls(floor, room, kind if kind in kinds else "")

    @property
    def is_lobby(self) -> bool:
        """Lobbies only import, and commands are a door like a page: both may reach every kind."""
        return not self.room or self.room in LOBBY


LOBBY = {
    *("admin", "api_urls", "apps", "management", "migrations", "models", "portal_entries"),
    *("tasks", "templatetags", "urls"),
}


class KindsContract(Contract):
    """A view may import an action, an action never a view; other rooms see actions, queries and models only.

    `kinds` is read like import-linter's layers: kinds joined by `|` are strangers, by `:` friends.
    """

    floors = fields.SetField(fields.StringField())
    kinds = fields.ListField(fields.StringField())
    open_to_other_rooms = fields.SetField(fields.StringField())
    open_rooms = fields.SetField(fields.StringField())

    def check(self, graph, verbose) -> ContractCheck:
        wrong = []
        for importer in sorted(graph.modules):
            if importer.split(".")[0] in self.floors:
                for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                    if imported.split(".")[0] in self.floors and (why := self._objection(importer, imported)):
                        wrong.append((importer, imported, why, self._line(graph, importer, imported)))
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check) -> None:
        for importer, imported, why, line in check.metadata["wrong"]:
            output.print_error(f"{importer}:{line} imports {imported}: {why}", bold=False)
        output.new_line()

    def _objection(self, importer: str, imported: str) -> str | None:
        levels, friends = self._levels()
        here, there = Place.of(importer, set(levels)), Place.of(imported, set(levels))
        if here.is_lobby or not there.kind or f"{there.floor}.{there.room}" in self.open_rooms:
            return None
        is_same_room = (here.floor, here.room) == (there.floor, there.room)
        if not is_same_room and there.kind not in self.open_to_other_rooms:
            return f"{there.kind} are not open to other rooms"
        if not here.kind or here.kind == there.kind or {here.kind, there.kind} <= friends:
            return None
        if levels[there.kind] >= levels[here.kind]:
            return f"{here.kind} may not know {there.kind}"
        return None

    def _levels(self) -> tuple[dict[str, int], set[str]]:
        levels, friends = {}, set()
        for level, line in enumerate(reversed(self.kinds)):
            names = [name.strip() for name in line.replace(":", "|").split("|")]
            levels |= dict.fromkeys(names, level)
            friends |= set(names) if ":" in line else set()
        return levels, friends

    @staticmethod
    def _line(graph, importer: str, imported: str) -> int:
        return graph.get_import_details(importer=importer, imported=imported)[0]["line_number"]
