"""The provider over real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.peers.stripe.interface import Interface
from tests.peers.stripe.post import Post


class Peer(Interface, Post):
    """The whole provider, from its rows to its door."""

    def __enter__(self):
        peer = self

        class Handler(BaseHTTPRequestHandler):
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

            def say(self, status, answer):
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
