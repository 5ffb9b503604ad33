"""What is wrong with a bank's file, in the reader's words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.bank.files import Problem

WORDS = {
    "empty": gettext_lazy("文件里没有已入账的流水，请确认导出的日期范围。"),
    "no_text": gettext_lazy("文件不是文本，请导出为 CSV（UTF-8 或 GBK）或 CAMT.053。"),
    "no_xml": gettext_lazy("文件不是有效的 XML，请重新从网银导出 CAMT.053。"),
    "one_statement": gettext_lazy("一个文件应恰好包含一个账户的一份对账单，请分开导出。"),
    "too_long": gettext_lazy("文件超过 %(value)s 行，请按日期分段导出。"),
    "column_missing": gettext_lazy("缺少“%(value)s”一列，请在导出时勾选。"),
    "balance_missing": gettext_lazy("缺少余额 %(value)s（期初 OPBD、期末 CLBD），请重新导出。"),
    "does_not_add_up": gettext_lazy("期初余额加发生额与期末余额相差 %(value)s 元，文件可能不完整。"),
    "balance_jumps": gettext_lazy("余额 %(value)s 与上一行接不上，中间可能缺行。"),
    "reference_twice": gettext_lazy("流水号 %(value)s 在文件中出现两次。"),
    "no_reference": gettext_lazy("缺少流水号。"),
    "currency": gettext_lazy("流水 %(value)s 的币种不是人民币（CNY）。"),
    "one_side": gettext_lazy("流水 %(value)s 应恰好在收入、支出之一填写大于 0 的金额。"),
    "negative": gettext_lazy("流水 %(value)s 的金额为负，请用收入、支出两列表示方向。"),
    "no_amount": gettext_lazy("流水 %(value)s 的金额无法识别。"),
    "part_of_a_fen": gettext_lazy("流水 %(value)s 的金额多于两位小数。"),
    "no_day": gettext_lazy("流水 %(value)s 的日期无法识别，请用 2026-11-21 这样的格式。"),
}


def sentence(problem: Problem) -> str:
    """One objection, with its row."""
    words = str(WORDS[problem.code]) % {"value": problem.value}
    return _("第 %(row)d 行：%(words)s") % {"row": problem.row, "words": words} if problem.row else words
