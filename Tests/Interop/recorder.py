"""Notes every HTTP request that comes, and its answer: as a receiver of traces, or in front of another server.

recorder.py PORT FILE [TARGET]: without a TARGET (host:port) it answers everything by 200 and {}. Of the header line
X-Receiver-Token, which is for the receiver, it notes the length.
"""

import http.client
import http.server
import sys
import threading

PORT, FILE = int(sys.argv[1]), sys.argv[2]
TARGET = sys.argv[3] if len(sys.argv) > 3 else None
LOCK = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def take(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        status, answer = 200, b"{}"
        if TARGET:
            server = http.client.HTTPConnection(TARGET, timeout=10)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            server.request(self.command, self.path, body, headers)
            response = server.getresponse()
            status, answer = response.status, response.read()
            server.close()
        if "x-receiver-token" in self.headers:
            self.headers.replace_header("x-receiver-token", "of %d bytes" % len(self.headers["x-receiver-token"]))
        with LOCK, open(FILE, "ab") as file:
            file.write(b"%s %s\n%s\n%s\n%s\n" % (
                self.command.encode(), self.path.encode(), str(self.headers).encode(), body, answer))
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_LIST = take

    def log_message(self, *words):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler) as server:
    print("recording", flush=True)
    server.serve_forever()
