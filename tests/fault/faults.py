"""The faults a campaign injects: one function each, named in FAULTS. A fault breaks something, may wait, and mends it.

Each takes the platform and a random source of its own, seeded by the campaign's seed and the fault's place in the schedule.
It returns what it did, with what shows that it took effect, or raises LeftOut with the reason why it could not.
"""
import collections
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import time

from live import REPO, SERVICES, wait_until

EFFECT_S = 20  # an effect that needs traffic is waited for so long


class LeftOut(Exception):
    """The fault could not be injected on this machine, or had no effect; its text is the reason."""


def effect(what, condition, seconds=EFFECT_S):
    """Wait until the fault shows; without that it does not count."""
    try:
        return wait_until(what, condition, seconds)
    except AssertionError as error:
        raise LeftOut(str(error)) from error


def hold(seconds):
    """The length of an outage: the fault itself is the passing of time."""
    time.sleep(seconds)


# --- processes ---
def any_process(platform, rng):
    service = rng.choice(SERVICES)
    return f"{service}-{rng.randrange(platform.instances)}"


def kill_service(platform, rng):
    name = any_process(platform, rng)
    platform.kill(name)
    hold(rng.uniform(0, 2))
    platform.supervise()
    return name


def kill_gateway(platform, _rng):
    platform.restart("gateway")
    return "gateway"


def pause_service(platform, rng):
    """Stopped beyond the session timeout (10 s): it wakes up as a zombie."""
    name = any_process(platform, rng)
    platform.signal(name, signal.SIGSTOP)
    seconds = rng.uniform(11, 14)
    hold(seconds)
    platform.signal(name, signal.SIGCONT)
    return f"{name} for {seconds:.1f} s"


def rolling_restart(platform, rng):
    service = rng.choice(SERVICES)
    for i in range(platform.instances):
        platform.shell(f"stop {service}-{i}")
        platform.start_service(service, i)
    return service


# --- the broker ---
def kill_broker(platform, rng):
    platform.kill("kafka")
    hold(rng.uniform(0, 8))
    platform.shell("start_kafka")
    return "started again"


def stop_broker(platform, rng):
    platform.shell('"$repo/deploy/local/kafka" stop --dir "$STATE/kafka"')
    hold(rng.uniform(3, 12))
    platform.shell("start_kafka")
    return "started again"


class Disk:
    """A bounded file system for the broker's log: a tmpfs of its own, which is full once it is made as small as what is used."""

    def __init__(self, folder, megabytes):
        self.folder, self.size, self.reason = pathlib.Path(folder), megabytes << 20, ""
        self.folder.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size},mode=700", "clinic-fault", str(folder)],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            self.reason = f"no bounded file system for the broker's log: {done.stderr.strip()}"

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True, capture_output=True)

    def fill(self):
        """Writers may take pages meanwhile: until nothing is left."""
        for _ in range(100):
            try:
                self.resize(shutil.disk_usage(self.folder).used)
            except subprocess.CalledProcessError:
                continue
            if shutil.disk_usage(self.folder).free == 0:
                return
        raise LeftOut("the file system could not be filled")

    def close(self):
        if not self.reason:
            subprocess.run(["umount", "-l", str(self.folder)], check=False)


def full_disk(platform, rng):
    """The file system under the broker's log is full; the broker ends itself, or lives on; space comes back."""
    if platform.disk.reason:
        raise LeftOut(platform.disk.reason)
    log = platform.state / "kafka/kafka.log"
    before = log.stat().st_size

    def noticed():
        with open(log, "rb") as file:
            file.seek(before)
            return b"No space left on device" in file.read() or not platform.alive("kafka")

    platform.disk.fill()
    try:
        effect("the broker hits the end of the disk", noticed)
        hold(rng.uniform(1, 6))
    finally:
        platform.disk.resize(platform.disk.size)
    try:  # a write that fails takes the only log folder out of service, and then a broker ends
        wait_until("the broker ends", lambda: not platform.alive("kafka"), 10)
        how = "it ended"
    except AssertionError:
        platform.kill("kafka")
        how = "it lived on and was killed"
    platform.shell("start_kafka")
    return f"full; {how}, and was started again"


# --- Redis ---
def kill_redis(platform, rng):
    platform.kill("redis")
    hold(rng.uniform(0, 6))
    platform.shell("start_redis")
    return "empty afterwards"


def keys_n(platform):
    """0 also while a snapshot is being loaded."""
    answer = platform.redis("DBSIZE").split()
    return int(answer[-1]) if answer and answer[-1].isdigit() else 0


def flush_redis(platform, _rng):
    keys = keys_n(platform)
    platform.redis("FLUSHALL")
    if not keys:
        raise LeftOut("there was nothing to forget")
    return f"{keys} keys forgotten"


def old_redis(platform, rng):
    """Redis comes back with a snapshot of the past, as after a failover to a lagging replica."""
    dump, kept = platform.state / "redis/dump.rdb", platform.state / "redis/old.rdb"
    effect("keys in Redis", lambda: keys_n(platform) > 0)
    platform.redis("SAVE")
    shutil.copy(dump, kept)
    hold(rng.uniform(2, 5))
    platform.kill("redis")
    shutil.copy(kept, dump)
    try:
        platform.shell("start_redis")
        keys = effect("a snapshot loaded", lambda: keys_n(platform))
    finally:
        dump.unlink()
    return f"snapshot with {keys} keys"


# --- connections ---
def reset_redis(platform, _rng):
    answer = platform.redis("CLIENT", "KILL", "TYPE", "normal").split()
    cut = int(answer[-1]) if answer and answer[-1].isdigit() else 0
    if not cut:
        raise LeftOut("no client was connected")
    return f"{cut} connections"


def reset_kafka(platform, _rng):
    """The kernel destroys the sockets of the broker's clients; both ends see a reset."""
    if not shutil.which("ss"):
        raise LeftOut("no ss to destroy sockets with")
    done = subprocess.run(["ss", "-H", "-t", "-K", "dport", "=", f":{platform.kafka_port}"], capture_output=True, text=True,
                          check=False)
    cut = done.stdout.count("\n")
    if not cut:
        raise LeftOut(f"the kernel destroys no sockets: {done.stderr.strip()}")
    return f"{cut} connections"


# --- providers ---
def outage(part):
    def run(platform, rng):
        platform.kill(part)
        hold(rng.uniform(1, 6))
        platform.shell(f"start_{part}")
        return "started again"
    return run


def lost_answers(part, modes, messages):
    """The provider takes messages and its answers do not arrive."""
    def run(platform, rng):
        mode = rng.choice(modes)
        before = unanswered(messages(platform))
        (platform.state / part / "mode").write_text(mode)
        try:
            effect(f"a message that {part} takes without answering ({mode})", lambda: unanswered(messages(platform)) > before)
            hold(rng.uniform(0, 3))
        finally:
            (platform.state / part / "mode").unlink()
        return f"{mode}, {unanswered(messages(platform)) - before} answers lost"
    return run


def unanswered(messages):
    return sum(1 for m in messages if not m["answered"])


# --- the clock ---
class Clocks:
    """The wall clocks of the services; see clock_step.c. Environment of the platform: RUN_WITH and what it reads."""

    def __init__(self, folder, names):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        for name in names:
            self.set(name, 0)

    def env(self):
        return {"RUN_WITH": str(REPO / "tests/fault/with"), "CLOCK_STEP_DIR": str(self.folder),
                "CLOCK_STEP_LIB": str(REPO / "build/release/lib/clock_step.so")}

    def set(self, name, seconds):
        path = self.folder / name
        with open(path, "r+b" if path.exists() else "wb") as file:
            file.write(struct.pack("=q", int(seconds * 1000)))

    def is_obeyed(self, platform, name):
        return "clock_step.so" in pathlib.Path(f"/proc/{platform.pid(name)}/maps").read_text()


STEPS_S = (-10800, -300, -40, 40, 300, 10800)


def clock_step(platform, rng):
    """The wall clocks of a service's instances, or of one process, jump, and after a while jump back."""
    service = rng.choice(SERVICES)
    chosen = [f"{service}-{i}" for i in range(platform.instances)]
    chosen = chosen if rng.random() < 0.5 else [rng.choice(chosen)]
    seconds = rng.choice(STEPS_S)
    if not all(platform.clocks.is_obeyed(platform, name) for name in chosen):
        raise LeftOut("the stepped clock is not loaded")
    for name in chosen:
        platform.clocks.set(name, seconds)
    hold(rng.uniform(4, 9))
    for name in chosen:
        platform.clocks.set(name, 0)
    return f"{' and '.join(chosen)} by {seconds} s"


# name: (function, weight among repeats in a short campaign, in a long one, seconds it usually takes)
Fault = collections.namedtuple("Fault", "run short long seconds")
FAULTS = {
    "kill -9 of a service": Fault(kill_service, 5, 6, 1.5),
    "kill -9 of the gateway": Fault(kill_gateway, 1, 1, 0.5),
    "SIGSTOP beyond the session timeout": Fault(pause_service, 1, 3, 12.5),
    "rolling restart": Fault(rolling_restart, 1, 2, 3),
    "kill -9 of the broker": Fault(kill_broker, 1, 2, 12),
    "stop of the broker": Fault(stop_broker, 1, 1, 16),
    "full disk under the broker's log": Fault(full_disk, 1, 2, 16),
    "kill -9 of Redis": Fault(kill_redis, 1, 2, 3.5),
    "FLUSHALL": Fault(flush_redis, 2, 2, 0.2),
    "old Redis snapshot": Fault(old_redis, 1, 2, 4),
    "connection resets, Redis": Fault(reset_redis, 2, 3, 0.2),
    "connection resets, Kafka": Fault(reset_kafka, 2, 3, 0.2),
    "clock step": Fault(clock_step, 2, 3, 7),
    "SMTP outage": Fault(outage("smtp"), 1, 1, 4.5),
    "SMSC outage": Fault(outage("smsc"), 1, 1, 5),
    "lost answers of the SMTP server": Fault(lost_answers("smtp", ["drop-after-data"], lambda p: p.mails()), 1, 2, 3),
    "lost answers of the SMSC": Fault(lost_answers("smsc", ["swallow", "cut"], lambda p: p.messages()), 1, 2, 3),
}


Step = collections.namedtuple("Step", "pause name rng")


def schedule(seed, seconds, long, kinds=tuple(FAULTS)):
    """What happens when, a function of the seed alone: every kind once before any repeats are drawn. Returns the steps
    and the seconds they are expected to take, which are at least those asked for."""
    rng = random.Random(f"{seed}/schedule")
    first = list(kinds)
    rng.shuffle(first)
    weights = [FAULTS[name].long if long else FAULTS[name].short for name in kinds]
    plan, spent = [], 0.0
    while first or spent < seconds:
        name = first.pop() if first else rng.choices(kinds, weights)[0]
        pause = rng.uniform(0.5, 6) if long else rng.uniform(0.3, 2)
        plan.append(Step(pause, name, random.Random(f"{seed}/fault/{len(plan)}")))
        spent += pause + FAULTS[name].seconds
    return plan, spent


def settle(platform):
    """Everything up and running again, with true clocks and good providers."""
    for name in platform.processes():
        platform.signal(name, signal.SIGCONT)
        platform.clocks.set(name, 0)
    for part in ("smtp", "smsc"):
        (platform.state / part / "mode").unlink(missing_ok=True)
    for part in ("kafka", "redis", "smtp", "smsc"):
        if not platform.alive(part):
            platform.shell(f"start_{part}")
    wait_until("every service runs", lambda: not platform.supervise(), 60, 1.0)
