"""Remembering what was printed."""

from dataclasses import replace

from portal.papers.models import PrintedPaper
from portal.shell.codes import new_code
from portal.shell.pdf import Paper, digest_of


def vouch(paper: Paper) -> Paper:
    """The paper with the code under which it can be checked; the same content again bears the same code."""
    printed, _is_new = PrintedPaper.objects.get_or_create(
        number=paper.code,
        digest=digest_of(paper),
        defaults={
            "code": new_code("CK"),
            "title": paper.title,
            "amount": paper.amount,
            "printed_at": paper.at,
        },
    )
    return replace(paper, check=printed.code)
