"""The city's bank: what came and went, as the statement of a day."""

HEAD = "交易日期,交易流水号,支出,收入,余额,对方户名,对方账号,附言\n"


class Bank:
    def __init__(self):
        self.balance, self.count, self.lines = 0, 0, []

    def move(self, amount, party, remark, *, reference="", account="") -> str:
        """Fen, positive where they arrive; the bank's number for it."""
        self.count += 1
        reference = reference or f"B{self.count:06d}"
        self.lines.append((reference, amount, party, account, remark))
        return reference

    def statement(self, day) -> bytes:
        """The day's file; it joins where the last one ended."""
        text = HEAD
        for reference, amount, party, account, remark in self.lines:
            self.balance += amount
            went, came = (f"{-amount / 100:.2f}", "") if amount < 0 else ("", f"{amount / 100:.2f}")
            text += f"{day},{reference},{went},{came},{self.balance / 100:.2f},{party},{account},{remark}\n"
        self.lines = []
        return text.encode()
