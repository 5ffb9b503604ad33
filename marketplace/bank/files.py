"""Reading a bank's statement: CSV as Chinese banks export it, or CAMT.053 (ISO 20022). Pure: bytes in, lines out.

Money is int fen, positive where it arrived. A file is read whole or not at all: every objection is named with its row.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

MOST_ROWS = 50_000
# What banks call their columns, narrowed to letters.
COLUMNS = {
    "reference": ("交易流水号", "流水号", "银行流水号", "核心流水号", "reference"),
    "booked_on": ("交易日期", "记账日期", "入账日期", "date"),
    "credit": ("贷方发生额", "收入金额", "收入", "贷方金额", "credit"),
    "debit": ("借方发生额", "支出金额", "支出", "借方金额", "debit"),
    "balance": ("账户余额", "余额", "balance"),
    "currency": ("币种", "currency"),
    "counterparty": ("对方户名", "对方账户名称", "对方名称", "counterparty"),
    "counter_account": ("对方账号", "对方账户", "counter_account"),
    "remark": ("附言", "用途", "摘要", "remark"),
}
NEEDED = ("reference", "booked_on", "credit", "debit", "balance")
DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
YUAN = {"", "CNY", "RMB", "人民币", "156"}
AMOUNT = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")


@dataclass(frozen=True)
class Entry:
    """One movement on the bank account: fen, positive where it arrived."""

    reference: str
    booked_on: date
    amount: int
    counterparty: str = ""
    counter_account: str = ""
    remark: str = ""


@dataclass(frozen=True)
class BankStatement:
    """What one file says: the balance before its first line and after its last, in fen."""

    opening: int
    closing: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row; row 0 is the file itself. `code` is one of WORDS in wording.py."""

    row: int
    code: str
    value: str = ""


class Unreadable(ValueError):
    """A file that cannot be taken, with everything that is wrong with it."""

    def __init__(self, problems: list[Problem]):
        super().__init__(", ".join(f"{p.row}: {p.code} {p.value}" for p in problems[:5]))
        self.problems = problems


def read(content: bytes) -> BankStatement:
    """The statement in a file of either kind. Raises Unreadable, naming every row that it objects to."""
    is_xml = content.lstrip()[:1] == b"<"
    statement, problems = _camt(content) if is_xml else _csv(content)
    if not problems:
        problems = list(_contradictions(statement))
    if problems:
        raise Unreadable(problems)
    return statement


def _contradictions(statement: BankStatement) -> Iterator[Problem]:
    if not statement.entries:
        yield Problem(0, "empty")
    seen = set()
    for row, entry in enumerate(statement.entries, 1):
        if entry.reference in seen:
            yield Problem(row, "reference_twice", entry.reference)
        seen.add(entry.reference)
    moved = sum(entry.amount for entry in statement.entries)
    if statement.opening + moved != statement.closing:
        yield Problem(0, "does_not_add_up", f"{(statement.closing - statement.opening - moved) / 100:.2f}")


def fen(text: str) -> int:
    """Whole fen for an amount as a bank writes it. Raises ValueError with the code of a Problem."""
    text = text.strip().removeprefix("¥")
    if text in ("", "-"):
        return 0
    if text.startswith(("-", "−", "(")):
        raise ValueError("negative")
    if not AMOUNT.fullmatch(text):
        raise ValueError("no_amount")
    try:
        amount = Decimal(text.replace(",", "")) * 100
    except InvalidOperation as error:
        raise ValueError("no_amount") from error
    if amount != amount.to_integral_value():
        raise ValueError("part_of_a_fen")
    if amount >= 10**15:
        raise ValueError("no_amount")
    return int(amount)


def day(text: str) -> date:
    """A day in one of the ways banks write it. Raises ValueError with the code of a Problem."""
    for form in DAYS:
        try:
            return datetime.strptime(text.strip()[:10], form).date()
        except ValueError:
            continue
    raise ValueError("no_day")


# --- CSV ----------------------------------------------------------------------------------------------
def _text(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _heads(row: list[str]) -> dict[str, int]:
    """Where each fact stands, if this row is the head of the table."""
    plain = [re.sub(r"[\s（(].*", "", cell.strip().lower()) for cell in row]
    return {
        fact: plain.index(name) for fact, names in COLUMNS.items() for name in names[::-1] if name in plain
    }


def _csv(content: bytes) -> tuple[BankStatement, list[Problem]]:
    text = _text(content)
    nothing = BankStatement(0, 0, ())
    if text is None or "\0" in text:
        return nothing, [Problem(0, "no_text")]
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return nothing, [Problem(0, "no_text")]
    if len(rows) > MOST_ROWS:
        return nothing, [Problem(0, "too_long", str(MOST_ROWS))]
    start, heads = next(
        ((n, found) for n, row in enumerate(rows[:30]) if len(found := _heads(row)) >= 4), (0, {})
    )
    missing = [fact for fact in NEEDED if fact not in heads]
    if missing:
        return nothing, [Problem(0, "column_missing", COLUMNS[fact][0]) for fact in missing]
    entries, problems, opening, balance = [], [], None, 0
    for number, row in enumerate(rows[start + 1 :], start + 2):
        said = {fact: row[at].strip() if at < len(row) else "" for fact, at in heads.items()}
        if not any(said.values()) or not said["reference"]:
            continue
        try:
            entry, after = _movement(said)
        except ValueError as objection:
            problems.append(Problem(number, str(objection), said["reference"]))
            continue
        if opening is None:
            opening = after - entry.amount
        elif balance + entry.amount != after:
            problems.append(Problem(number, "balance_jumps", said["balance"]))
        balance = after
        entries.append(entry)
    return BankStatement(opening or 0, balance, tuple(entries)), problems


def _movement(said: dict[str, str]) -> tuple[Entry, int]:
    if said.get("currency", "").upper() not in YUAN:
        raise ValueError("currency")
    came, went = fen(said["credit"]), fen(said["debit"])
    if bool(came) == bool(went):
        raise ValueError("one_side")
    entry = Entry(
        reference=said["reference"][:64],
        booked_on=day(said["booked_on"]),
        amount=came - went,
        counterparty=said.get("counterparty", "")[:120],
        counter_account=said.get("counter_account", "")[:40],
        remark=said.get("remark", "")[:200],
    )
    overdrawn = said["balance"].startswith("-")
    after = fen(said["balance"].removeprefix("-"))
    return entry, -after if overdrawn else after


# --- CAMT.053 -----------------------------------------------------------------------------------------
def _plain(element) -> None:
    """Take the namespace off every name: banks use many versions of the same message."""
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]


def _camt(content: bytes) -> tuple[BankStatement, list[Problem]]:
    nothing = BankStatement(0, 0, ())
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException):
        return nothing, [Problem(0, "no_xml")]
    _plain(root)
    statements = root.findall("./BkToCstmrStmt/Stmt")
    if len(statements) != 1:
        return nothing, [Problem(0, "one_statement")]
    statement = statements[0]
    problems: list[Problem] = []
    balances = {}
    for balance in statement.findall("Bal"):
        kind = balance.findtext("./Tp/CdOrPrtry/Cd", "")
        try:
            balances[kind] = _signed(balance)
        except ValueError as objection:
            problems.append(Problem(0, str(objection), kind))
    problems += [Problem(0, "balance_missing", kind) for kind in ("OPBD", "CLBD") if kind not in balances]
    entries = []
    notes = statement.findall("Ntry")
    if len(notes) > MOST_ROWS:
        return nothing, [Problem(0, "too_long", str(MOST_ROWS))]
    for row, note in enumerate(notes, 1):
        reference = (note.findtext("AcctSvcrRef") or note.findtext("NtryRef") or "").strip()
        try:
            if status(note) != "BOOK":
                # What is only pending may still be withdrawn; it comes again when it is booked.
                continue
            if not reference:
                raise ValueError("no_reference")
            entries.append(_note(note, reference))
        except ValueError as objection:
            problems.append(Problem(row, str(objection), reference))
    opening, closing = balances.get("OPBD", 0), balances.get("CLBD", 0)
    return BankStatement(opening, closing, tuple(entries)), problems


def status(note) -> str:
    """A code, or since version 8 a code within."""
    return (note.findtext("./Sts/Cd") or note.findtext("Sts") or "BOOK").strip()


def _signed(element) -> int:
    amount = element.find("Amt")
    if amount is None or amount.get("Ccy") != "CNY":
        raise ValueError("currency")
    side = element.findtext("CdtDbtInd", "")
    if side not in ("CRDT", "DBIT"):
        raise ValueError("one_side")
    return fen(amount.text or "") * (1 if side == "CRDT" else -1)


def _note(note, reference: str) -> Entry:
    amount = _signed(note)
    if not amount:
        raise ValueError("one_side")
    details = note.find("./NtryDtls/TxDtls")
    came = amount > 0
    party, account = ("Dbtr", "DbtrAcct") if came else ("Cdtr", "CdtrAcct")

    def said(*ways):
        return next((t.strip() for way in ways if details is not None and (t := details.findtext(way))), "")

    return Entry(
        reference=reference[:64],
        booked_on=day(note.findtext("./BookgDt/Dt") or (note.findtext("./BookgDt/DtTm") or "")[:10]),
        amount=amount,
        counterparty=said(f"./RltdPties/{party}/Nm", f"./RltdPties/{party}/Pty/Nm")[:120],
        counter_account=said(f"./RltdPties/{account}/Id/IBAN", f"./RltdPties/{account}/Id/Othr/Id")[:40],
        remark=said("./RmtInf/Ustrd", "./AddtlTxInf")[:200],
    )
