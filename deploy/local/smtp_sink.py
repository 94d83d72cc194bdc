#!/usr/bin/python3
"""A real submission server for one machine: STARTTLS and AUTH are required, every letter is kept.

    smtp_sink.py --dir DIR --port PORT [--user NAME] [--eml N]

DIR/port      the port (for --port 0: a free one)
DIR/password  password of the user, made at the first start
DIR/cert.pem  its own certificate, made at the first start: the client's smtp.ca_file
DIR/mail.jsonl    one line a letter: time, to, from, subject, message_id, text, answered (false: taken, but the answer was not sent)
DIR/mail/N.eml    the first N letters as they came
DIR/mode      a fault to play, read at every letter: ok, 451, 550 (any reply code), drop-before-data, drop-after-data
              (the letter is kept, its answer is not sent); absent = ok
Recipients whose name is a reply code (550@..., 451@...) get that reply whatever the mode. Stops on SIGTERM.
"""
import argparse
import asyncio
import email
import email.header
import json
import os
import pathlib
import secrets
import signal
import ssl
import subprocess
import sys
import time

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ModuleNotFoundError:  # another python3 comes first in PATH than the one the packages are installed for
    if sys.executable == "/usr/bin/python3" or not os.path.exists("/usr/bin/python3"):
        sys.exit("error: python3-aiosmtpd is not installed")
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])


def make_secret(path):
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12))
    return path.read_text().strip()


def make_certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                       check=True, capture_output=True)
        key.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class Sink:
    def __init__(self, folder, eml):
        self.folder, self.eml, self.n = folder, eml, 0
        self.log = open(folder / "mail.jsonl", "a", encoding="utf-8", buffering=1)
        (folder / "mail").mkdir(exist_ok=True)

    def mode(self):
        try:
            return (self.folder / "mode").read_text().strip() or "ok"
        except FileNotFoundError:
            return "ok"

    def keep(self, envelope, answered):
        message = email.message_from_bytes(envelope.original_content)  # the plain policy: several times faster
        body = message.get_payload(decode=True).decode(message.get_content_charset("utf-8"))
        subject = str(email.header.make_header(email.header.decode_header(message["subject"] or "")))
        line = {"time": time.time(), "to": ",".join(envelope.rcpt_tos), "from": envelope.mail_from, "subject": subject,
                "message_id": (message["message-id"] or "").strip("<>"),
                "text": body.replace("\r\n", "\n"), "answered": answered}
        if self.n < self.eml:
            (self.folder / "mail" / f"{self.n}.eml").write_bytes(envelope.original_content)
        self.n += 1
        self.log.write(json.dumps(line, ensure_ascii=False) + "\n")

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        mode = name if name.isdigit() else self.mode()
        if mode == "drop-before-data":
            server.transport.abort()
            return "421 closing"
        if mode.isdigit():
            return f"{mode} as asked"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        answered = self.mode() != "drop-after-data"
        self.keep(envelope, answered)
        if not answered:
            server.transport.abort()
        return f"250 taken as {self.n}"


async def serve(args, folder):
    sink, context = Sink(folder, args.eml), make_certificate(folder)
    user, password = args.user.encode(), make_secret(folder / "password").encode()

    def authenticate(server, session, envelope, mechanism, data):
        good = secrets.compare_digest(data.login, user) and secrets.compare_digest(data.password, password)
        return AuthResult(success=good, handled=False)

    def connection():
        return SMTP(sink, hostname="localhost", enable_SMTPUTF8=True, tls_context=context, require_starttls=True,
                    auth_required=True, auth_require_tls=True, authenticator=authenticate, timeout=300)

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(connection, "127.0.0.1", args.port)
    port = server.sockets[0].getsockname()[1]
    (folder / "port.new").write_text(f"{port}\n")
    (folder / "port.new").replace(folder / "port")
    print(f"SMTP on 127.0.0.1:{port}", flush=True)
    await stop.wait()
    server.close()


def main():
    options = argparse.ArgumentParser(description="a submission server that keeps every letter")
    options.add_argument("--dir", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--user", default="platform")
    options.add_argument("--eml", type=int, default=1000)
    args = options.parse_args()
    folder = pathlib.Path(args.dir)
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(args, folder))


if __name__ == "__main__":
    main()
