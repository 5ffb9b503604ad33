"""The provider over real HTTP."""

from urllib.parse import parse_qsl, urlsplit

from tests.peers.door import Door, Housed
from tests.peers.stripe.interface import Interface
from tests.peers.stripe.post import Post


class Peer(Housed, Interface, Post):
    """The whole provider, from its rows to its door."""

    def door(peer):
        class Handler(Door):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.serve("GET")

            def do_POST(self):
                self.serve("POST")

            def do_DELETE(self):
                self.serve("DELETE")

            def serve(self, method):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parts = urlsplit(self.path)
                accident = peer.accidents.pop(0) if peer.accidents else None
                if accident == "before":
                    return self.hang_up()
                if accident == 500:
                    return self.say(
                        500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}
                    )
                status, answer = peer.answer(
                    method,
                    parts.path,
                    parse_qsl(body if method == "POST" else parts.query, keep_blank_values=True),
                    self.headers,
                )
                if accident == "after":
                    return self.hang_up()
                self.say(status, answer)

            def hang_up(self):
                self.close_connection = True

        return Handler
