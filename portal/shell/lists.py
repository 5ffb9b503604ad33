"""Long lists, page by page: keyset paging costs the same on the first page and on the last."""

from dataclasses import dataclass

from django.db.models import F, Q

PAGE_SIZE = 25


class NoSuchPlace(Exception):
    """A program asks for the rows beside one that is not there."""


@dataclass(frozen=True)
class Rows:
    """One page of rows with the cursors beside it."""

    rows: list
    next_cursor: str
    previous_cursor: str

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


def _beyond(field: str, value, id, *, is_up: bool, is_nullable: bool) -> Q:
    """The rows after one row, in the order of a field and then of their ids; rows without a value come last."""
    step = "gt" if is_up else "lt"
    if field == "id":
        return Q(**{f"id__{step}": id})
    nothing = Q(**{f"{field}__isnull": True})
    if value is None:
        return nothing & Q(**{f"id__{step}": id})
    after = Q(**{f"{field}__{step}": value}) | Q(**{field: value, f"id__{step}": id})
    return after | nothing if is_nullable else after


def _before(field: str, value, id, *, is_up: bool) -> Q:
    """The same, looking back."""
    if field != "id" and value is None:
        step = "lt" if is_up else "gt"
        return Q(**{f"{field}__isnull": False}) | Q(**{f"{field}__isnull": True, f"id__{step}": id})
    return _beyond(field, value, id, is_up=not is_up, is_nullable=False)


def page_of(queryset, cursor: str = "", size: int = PAGE_SIZE, order: str = "-id", key: str = "code") -> Rows:
    """A page of a queryset of rows with a public `code`. `cursor` is the code of the row before it; `-code`, after it.

    `order` is a field, with a minus for the largest first; equal rows keep the order of their ids.
    A person who asks for an unknown place begins anew; a program, whose `key` is the id, is told: NoSuchPlace.
    """
    is_back, field, is_up = cursor.startswith("-"), order.lstrip("-"), not order.startswith("-")
    # The row may have left the list meanwhile; its neighbours are still where they were.
    anchor = None
    if cursor:
        known = queryset.model.objects.filter(**{key: cursor.lstrip("-")}).order_by()
        anchor = known.values_list(field, "id").first()
        if anchor is None and key == "id":
            raise NoSuchPlace
    if anchor:
        value, id = anchor
        side = (
            _before(field, value, id, is_up=is_up)
            if is_back
            else _beyond(field, value, id, is_up=is_up, is_nullable=True)
        )
        queryset = queryset.filter(side)
    is_back = is_back and anchor is not None
    step = F(field).asc if is_up != is_back else F(field).desc
    by_field = step(nulls_first=True) if is_back else step(nulls_last=True)
    by_id = "id" if is_up != is_back else "-id"
    keys = [by_id] if field == "id" else [by_field, by_id]
    rows = list(queryset.order_by(*keys)[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if is_back:
        rows.reverse()
    return Rows(
        rows=rows,
        next_cursor=str(getattr(rows[-1], key)) if rows and (has_more or is_back) else "",
        previous_cursor=f"-{getattr(rows[0], key)}"
        if rows and ((anchor and not is_back) or (is_back and has_more))
        else "",
    )


def page_of_sorted(rows: list, cursor: str, size: int) -> Rows:
    """The same of rows that stand in a list already; each has an id, which is its place."""
    ids = [str(row.id) for row in rows]
    begin, end = 0, size
    if cursor:
        try:
            anchor = ids.index(cursor.removeprefix("-"))
        except ValueError as gone:
            raise NoSuchPlace from gone
        is_back = cursor.startswith("-")
        begin, end = (max(0, anchor - size), anchor) if is_back else (anchor + 1, anchor + 1 + size)
    found = rows[begin:end]
    return Rows(
        rows=found,
        next_cursor=ids[end - 1] if found and end < len(ids) else "",
        previous_cursor=f"-{ids[begin]}" if found and begin else "",
    )
