"""Answer every GET with the time: python3 serve.py PORT"""

import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Clock(BaseHTTPRequestHandler):
    """Says what time it is."""

    def do_GET(self) -> None:
        body = f"{datetime.now(UTC):%H:%M:%S}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(sys.argv[1])
    print(f"listening on {port}")
    ThreadingHTTPServer(("0.0.0.0", port), Clock).serve_forever()
