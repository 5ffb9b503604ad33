"""A bank's file is read whole or not at all, and every objection names its row."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bank.files import BankStatement, Entry, Problem, Unreadable, fen, read
from marketplace.bank.wording import WORDS, sentence

HEAD = "交易日期,交易流水号,借方发生额,贷方发生额,余额,对方户名,对方账号,附言,币种\n"
GOOD = HEAD + (
    "2026-11-20,F001,,\"12,000.00\",12000.00,鹭岛智能,3502-1,T7K2MPX4,CNY\n"
    "20261120,F002,35.50,,11964.50,,,手续费,人民币\n"
    "2026/11/21,F003,,0.01,11964.51,云顶科技,3502-2,货款,\n"
)  # fmt: skip
ENTRIES = (
    Entry("F001", date(2026, 11, 20), 1_200_000, "鹭岛智能", "3502-1", "T7K2MPX4"),
    Entry("F002", date(2026, 11, 20), -3550, "", "", "手续费"),
    Entry("F003", date(2026, 11, 21), 1, "云顶科技", "3502-2", "货款"),
)


def camt(notes, opening="0.00", closing="12000.00", ccy="CNY"):
    def balance(kind, amount):
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='{ccy}'>{amount}</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )

    return (
        "<?xml version='1.0'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt><Stmt>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{notes}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def note(
    reference="F001", amount="12000.00", side="CRDT", status="<Cd>BOOK</Cd>", ccy="CNY", on="2026-11-20"
):
    return (
        f"<Ntry><Amt Ccy='{ccy}'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>"
        f"<BookgDt><Dt>{on}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties>"
        "<Dbtr><Pty><Nm>鹭岛智能</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>3502-1</Id></Othr></Id></DbtrAcct>"
        "</RltdPties><RmtInf><Ustrd>T7K2MPX4</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_of_a_chinese_bank_is_read_in_any_of_its_encodings(encoding):
    assert read(GOOD.encode(encoding)) == BankStatement(0, 1_196_451, ENTRIES)


def test_words_above_the_table_and_a_sum_below_it_are_passed_over():
    dressed = "账户明细查询\n账号：3502****8899\n" + GOOD + ",,35.50,12000.01,,,,合计,\n"

    assert read(dressed.encode()).entries == ENTRIES


def test_camt_says_the_same():
    assert read(camt(note())) == BankStatement(0, 1_200_000, ENTRIES[:1])


def test_what_is_only_pending_is_not_money_yet():
    assert read(camt(note() + note("F009", "5.00", status="PDNG"))).entries == ENTRIES[:1]


def row(**changes):
    said = {
        "on": "2026-11-20",
        "no": "F001",
        "out": "",
        "in": "10.00",
        "bal": "10.00",
        "ccy": "CNY",
    } | changes
    return (
        HEAD + f"{said['on']},{said['no']},{said['out']},{said['in']},{said['bal']},,,,{said['ccy']}\n"
    ).encode()


BAD = {
    "dollars": (row(ccy="USD"), Problem(2, "currency", "F001")),
    "a negative amount": (row(**{"in": "-10.00"}), Problem(2, "negative", "F001")),
    "three decimals": (row(**{"in": "10.001"}), Problem(2, "part_of_a_fen", "F001")),
    "words for an amount": (row(**{"in": "ten"}), Problem(2, "no_amount", "F001")),
    "commas in the wrong place": (row(**{"in": '"1,0.00"'}), Problem(2, "no_amount", "F001")),
    "both sides": (row(out="1.00"), Problem(2, "one_side", "F001")),
    "neither side": (row(**{"in": "0.00"}), Problem(2, "one_side", "F001")),
    "no such day": (row(on="2026-02-30"), Problem(2, "no_day", "F001")),
    "no balance column": (b"\xef\xbb\xbf" + "交易日期,流水号,收入,支出\n".encode(), Problem(0, "column_missing", "账户余额")),
    "a missing row": (GOOD.replace("20261120,F002,35.50,,11964.50,,,手续费,人民币\n", "").encode(), Problem(3, "balance_jumps", "11964.51")),
    "a line twice": ((GOOD + "2026-11-21,F003,,0.01,11964.52,,,,\n").encode(), Problem(4, "reference_twice", "F003")),
    "nothing in it": (HEAD.encode(), Problem(0, "empty")),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff\xff\x00", Problem(0, "no_text")),
    "broken xml": (b"<Document", Problem(0, "no_xml")),
    "an entity bomb": (b"<!DOCTYPE x [<!ENTITY a 'b'>]><Document>&a;</Document>", Problem(0, "no_xml")),
    "another message": (b"<Document><CstmrCdtTrfInitn/></Document>", Problem(0, "one_statement")),
    "camt in euros": (camt(note(ccy="EUR")), Problem(1, "currency", "F001")),
    "camt that does not add up": (camt(note(amount="11000.00")), Problem(0, "does_not_add_up", "1000.00")),
    "camt without a reference": (camt(note(reference="")), Problem(1, "no_reference")),
    "camt with three decimals": (camt(note(amount="12000.001")), Problem(1, "part_of_a_fen", "F001")),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_the_row_and_the_reason(case):
    content, problem = BAD[case]

    with pytest.raises(Unreadable) as refused:
        read(content)

    assert problem in refused.value.problems
    assert sentence(problem)


def test_every_reason_is_shown_by_a_bad_file():
    shown = {problem.code for _content, problem in BAD.values()}

    assert set(WORDS) - shown == {"too_long", "balance_missing"}


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_every_amount_is_read_back_to_the_fen(amount):
    assert fen(f"{amount // 100:,}.{amount % 100:02}") == amount


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    try:
        read(content)
    except Unreadable as refused:
        assert all(sentence(problem) for problem in refused.problems)
