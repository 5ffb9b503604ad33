"""An issuing service of the tax platform on this machine, over real HTTP: it numbers invoices and refuses what such a service refuses."""

import json
from dataclasses import dataclass, field

from portal.organizations.credit_code import is_valid
from tests.peers.door import Door, Housed

KEY = "peer-key"
FIRST = 26_352_000_000_000_000_001


@dataclass
class Peer(Housed):
    """What it has been handed, and how it behaves: slow first answers, silence."""

    issued: dict = field(default_factory=dict)
    handed_in: dict = field(default_factory=dict)
    asked: int = 0
    pending_first: bool = False
    is_silent: bool = False

    def hand_in(self, body) -> tuple[int, dict]:
        code, earlier = body["request"], self.handed_in.get(body["request"])
        if earlier is not None and earlier != body:
            return 409, {"reason": "同一申请编号的内容不同"}
        if earlier is None:
            if reason := self.objection(body):
                return 422, {"reason": reason}
            self.handed_in[code] = body
            if self.pending_first:
                return 202, {"state": "pending"}
        return 200, self.issue(code)

    def objection(self, body) -> str:
        if not is_valid(body["buyer"]["tax_number"]):
            return "购买方税号校验不通过"
        if not 0 <= body["tax"] < body["amount"]:
            return "金额有误"
        if body["color"] == "blue":
            return ""
        blue = next((i for i in self.issued.values() if i["number"] == body["original"]), None)
        if blue is None:
            return "原蓝字发票不存在"
        taken = sum(b["amount"] for b in self.handed_in.values() if b["original"] == body["original"])
        return (
            "红冲金额超过原票" if taken + body["amount"] > self.handed_in[blue["request"]]["amount"] else ""
        )

    def issue(self, code) -> dict:
        if code not in self.issued:
            self.issued[code] = {
                "request": code,
                "state": "issued",
                "number": str(FIRST + len(self.issued)),
                "issued_at": "2026-11-21T12:00:00+08:00",
                "file_url": f"https://tax.example/{code}.pdf",
            }
        return self.issued[code]

    def look(self, code) -> tuple[int, dict]:
        return (200, self.issue(code)) if code in self.handed_in else (404, {"reason": "没有该申请"})

    @property
    def total(self) -> int:
        """Blue minus red in fen."""
        return sum(b["amount"] * (1 if b["color"] == "blue" else -1) for b in self.handed_in.values())

    def door(peer):
        class Handler(Door):
            def do_GET(self):
                self.answer(lambda: peer.look(self.path.rpartition("/")[2]))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(lambda: peer.hand_in(body))

            def answer(self, do):
                peer.asked += 1
                if self.headers["Authorization"] != f"Bearer {KEY}":
                    status, body = 401, {"reason": "未授权"}
                elif peer.is_silent:
                    status, body = 503, {"reason": "维护中"}
                else:
                    status, body = do()
                self.say(status, body)

        return Handler
