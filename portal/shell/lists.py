"""Long lists, page by page: keyset paging costs the same on the first page and on the last."""

from dataclasses import dataclass

PAGE_SIZE = 25


@dataclass(frozen=True)
class Rows:
    """One page of rows, newest first, with the cursors beside it."""

    rows: list
    next_cursor: str
    previous_cursor: str

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


def page_of(queryset, cursor: str = "", size: int = PAGE_SIZE) -> Rows:
    """A page of a queryset of rows with a public `code`. `cursor` is the code of the row before it; `-code`, after it."""
    is_back = cursor.startswith("-")
    anchor = queryset.model.objects.filter(code=cursor.lstrip("-")).values("id")
    if cursor and anchor.exists():
        queryset = queryset.filter(id__gt=anchor[:1]) if is_back else queryset.filter(id__lt=anchor[:1])
    rows = list(queryset.order_by("id" if is_back else "-id")[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if is_back:
        rows.reverse()
    return Rows(
        rows=rows,
        next_cursor=rows[-1].code if rows and (has_more or is_back) else "",
        previous_cursor=f"-{rows[0].code}"
        if rows and ((cursor and not is_back) or (is_back and has_more))
        else "",
    )
