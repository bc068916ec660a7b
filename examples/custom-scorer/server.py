"""A scorer as a service: how many of the responses agree. Run: python3 server.py 8099 (0 takes a free port)."""
import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def score(query, responses):
    votes = Counter(r["answer"] for r in responses if r["answer"] is not None)
    return [{"answer": a, "confidence": n / (len(responses) + 1)} for a, n in votes.items()]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = json.dumps({"scores": score(body["query"], body["responses"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
