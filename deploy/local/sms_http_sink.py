#!/usr/bin/env python3
"""An SMS provider with an HTTP interface, for the tests of sms.provider = http. Standard library only.

    sms_http_sink.py --dir DIR --port PORT

DIR/port       the port (for --port 0: a free one)
DIR/sms.jsonl  one line a request: time, headers, body, fields (decoded JSON or form), answered
DIR/mode       what to answer, read at every request: a status, "drop" (taken, no answer), or "200 TEXT"; absent = 200 OK
"""
import argparse
import http.server
import json
import pathlib
import signal
import sys
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    folder = None
    protocol_version = "HTTP/1.1"

    def mode(self):
        try:
            return (self.folder / "mode").read_text().strip() or "200 OK"
        except FileNotFoundError:
            return "200 OK"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_json = "json" in self.headers["Content-Type"]
        fields = json.loads(body) if is_json else dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        mode = self.mode()
        line = {"time": time.time(), "headers": dict(self.headers), "body": body, "fields": fields, "answered": mode != "drop"}
        with open(self.folder / "sms.jsonl", "a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        if mode == "drop":
            self.close_connection = True
            self.connection.close()
            return
        status, _, text = mode.partition(" ")
        answer = text.encode()
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def main():
    options = argparse.ArgumentParser(description="an HTTP SMS provider that keeps every message")
    options.add_argument("--dir", required=True)
    options.add_argument("--port", type=int, required=True)
    args = options.parse_args()
    Handler.folder = pathlib.Path(args.dir)
    Handler.folder.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    (Handler.folder / "port.new").write_text(f"{server.server_address[1]}\n")
    (Handler.folder / "port.new").replace(Handler.folder / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
