"""A running platform under a test's control: start, break, mend, ask. Standard library only.

The platform is the one of deploy/local (real Kafka, Redis, SMTP server, SMSC), on free loopback ports, with its state in
a folder of its own. Processes are found by the pid files that deploy/local keeps.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

REPO = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["intake", "identity", "policy", "attachment", "capacity", "notification"]
REGISTERS = {"identity": "clinic.registry.person.v1", "policy": "clinic.registry.policy.v1", "capacity": "clinic.registry.clinic.v1"}


def wait_until(what, condition, seconds, interval=0.1):
    """Wait for a condition with a deadline; returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not reached in {seconds} s")
        time.sleep(interval)


def end_cleanly():
    """A test that is told to stop still stops what it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Platform:
    def __init__(self, instances=1, partitions=6, time_source="record", state=None, secure=False):
        self.instances = instances
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="clinic-test-"))
        self.env = dict(os.environ, PARTITIONS=str(partitions), TIME_SOURCE=time_source, SECURE="yes" if secure else "")
        self.base = int(self.shell("free_port_base 45").strip())
        self.http_port, self.kafka_port, self.redis_port = self.base, self.base + 1, self.base + 2
        self.bootstrap = f"127.0.0.1:{self.kafka_port}"
        self.partitions = partitions
        self.refusals = set()  # bodies of errors that the door gave

    # --- life ---
    def shell(self, script, check=True):
        """Run a line of deploy/local/lib.sh in the context of this platform."""
        base = getattr(self, "base", 0)
        head = f'set -euo pipefail; STATE="{self.state}"; . "{REPO}/deploy/local/lib.sh"; set_ports {base}; '
        done = subprocess.run(["bash", "-c", head + script], env=self.env, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{script}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def up(self):
        command = [str(REPO / "deploy/local/up"), "--start-only", "--instances", str(self.instances),
                   "--port-base", str(self.base), "--state", str(self.state)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"up failed: {done.stdout[-600:]} {done.stderr[-600:]}")
        return self

    def down(self, keep=False):
        subprocess.run([str(REPO / "deploy/local/down"), "--state", str(self.state)], env=self.env,
                       stdout=subprocess.DEVNULL, check=False)
        if not keep:
            shutil.rmtree(self.state, ignore_errors=True)

    def __enter__(self):
        try:
            return self.up()
        except BaseException:
            self.down(keep=True)
            raise

    def __exit__(self, kind, value, trace):
        self.down(keep=kind is not None)
        if kind is not None:
            print(f"state and logs are kept in {self.state}")

    # --- processes ---
    def processes(self):
        """Names of all that is ours: every instance of every service, and the gateway."""
        return [f"{service}-{i}" for service in SERVICES for i in range(self.instances)] + ["gateway"]

    def pid(self, name):
        path = self.state / ("kafka" if name == "kafka" else "pid") / ("kafka.pid" if name == "kafka" else name)
        return int(path.read_text())

    def signal(self, name, number):
        try:
            os.killpg(self.pid(name), number)
        except ProcessLookupError:
            pass

    def alive(self, name):
        try:
            os.kill(self.pid(name), 0)
            with open(f"/proc/{self.pid(name)}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
        except (ProcessLookupError, FileNotFoundError):
            return False

    def kill(self, name):
        self.signal(name, signal.SIGKILL)
        wait_until(f"{name} dead", lambda: not self.alive(name), 10)

    def start_service(self, service, instance=0):
        if service == "gateway":
            self.shell("launch_gateway")
        else:
            self.shell(f"start_service {service} {instance}")

    def restart(self, service, instance=0):
        name = service if service == "gateway" else f"{service}-{instance}"
        self.kill(name)
        self.start_service(service, instance)

    def supervise(self):
        """Start again whatever ended (a fenced or timed-out process ends itself); returns the names."""
        mended = []
        for service in SERVICES:
            for i in range(self.instances):
                if not self.alive(f"{service}-{i}"):
                    self.start_service(service, i)
                    mended.append(f"{service}-{i}")
        if not self.alive("gateway"):
            self.start_service("gateway")
            mended.append("gateway")
        return mended

    # --- asking ---
    def ctl(self, *args, check=True, text=None):
        command = [str(REPO / "build/release/bin/attachctl"), "--config",
                   str(self.state / "conf/operator.ini"), *args]
        done = subprocess.run(command, capture_output=True, text=True, input=text)
        if check and done.returncode:
            raise AssertionError(f"attachctl {' '.join(args)}: {done.stderr.strip()[-600:]} {done.stdout.strip()[-600:]}")
        return done.stdout if check else done

    def load_registers(self, *files):
        """A load, and until the services have read it: they follow the registers beside their inboxes. Plain Kafka and Redis only."""
        told = self.ctl("registry", "load", *map(str, files))
        wait_until("the registers are read", self.registers_read, 120)
        return told

    def registers_read(self):
        """The mark of every projection has come to the end of its register."""
        return all(self.end_of(topic, p) == int(self.redis("HGET", f"{{{service}/{p}}}:mark", topic).strip() or 0)
                   for service, topic in REGISTERS.items() for p in range(self.partitions))

    def end_of(self, topic, partition, isolation="read_committed"):
        """How far readers of what is committed come; read_uncommitted: all."""
        told = self.kcat("-Q", "-X", f"isolation.level={isolation}", "-t", f"{topic}:{partition}:-1").stdout.decode()
        return int(told.split()[-1])

    def tail(self, topic):
        """Every record of a topic, decoded. An open transaction of a dead process holds readers back until it is ended."""
        end = time.monotonic() + 120
        while True:
            done = self.ctl("-o", "json", "tail", topic, "--from", "beginning", check=False)
            if done.returncode == 0:
                break
            if time.monotonic() > end:
                raise AssertionError(f"tail {topic}: {done.stderr.strip()[-300:]}")
        lines = done.stdout.splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def http(self, method, path, body=None, headers=None, timeout=15, port=None):
        """(status, headers, decoded JSON or text)"""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.http_port}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), decode(answer.read())
        except urllib.error.HTTPError as error:
            refusal = error.read()
            self.refusals.add(refusal.decode("utf-8", "replace"))
            return error.code, dict(error.headers), decode(refusal)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, {}, None

    def outcomes(self):
        """application_id -> list of (outcome, first reason), as published."""
        found = {}
        for record in self.tail("clinic.attach.application.v1"):
            message = record["message"]
            if message.get("outcome"):
                reasons = message.get("reasons") or [{}]
                found.setdefault(message["application_id"], []).append((message["outcome"], reasons[0].get("code", "")))
        return found

    def mails(self):
        return read_lines(self.state / "smtp/mail.jsonl")

    def messages(self):
        return read_lines(self.state / "smsc/sms.jsonl")

    def redis(self, *args):
        return subprocess.run(["redis-cli", "-p", str(self.redis_port), *args], capture_output=True, text=True).stdout

    def kcat(self, *args, data=None):
        return subprocess.run(["kcat", "-b", self.bootstrap, *args], input=data, capture_output=True, timeout=60)

    def audit(self):
        done = self.ctl("audit", "--json", check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {"error": done.stderr[-400:]}


def decode(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def read_lines(path):
    """Of a file that is being written: its last line may end in the middle, and even in the middle of a letter."""
    if not path.exists():
        return []
    with open(path, "rb") as lines:
        return [json.loads(line) for line in lines if line.endswith(b"\n")]


def murmur2(key):
    """Kafka's partition hash, written independently of common/wire."""
    m, mask, n = 0x5BD1E995, 0xFFFFFFFF, len(key)
    h = (0x9747B28C ^ n) & mask
    for i in range(0, n - n % 4, 4):
        k = int.from_bytes(key[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    rest = key[n - n % 4:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition_of(key, partitions):
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def seeded(seed):
    return random.Random(seed)
