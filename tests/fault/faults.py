"""The faults a campaign injects: one function each, named in FAULTS. A fault breaks something, may wait, and mends it.

Each takes the platform and a seeded random source; what it did is in the campaign's log.
"""
import os
import shutil
import signal
import subprocess
import time

from live import SERVICES, wait_until


def any_process(platform, rng):
    service = rng.choice(SERVICES)
    return f"{service}-{rng.randrange(platform.instances)}"


def hold(seconds):
    """The length of an outage: the fault itself is the passing of time."""
    time.sleep(seconds)


def kill_service(platform, rng):
    name = any_process(platform, rng)
    platform.kill(name)
    hold(rng.uniform(0, 2))
    platform.supervise()
    return name


def kill_gateway(platform, _rng):
    platform.restart("gateway")


def pause_service(platform, rng):
    """Stopped beyond the session timeout: it wakes up as a zombie."""
    name = any_process(platform, rng)
    platform.signal(name, signal.SIGSTOP)
    hold(rng.uniform(11, 14))
    platform.signal(name, signal.SIGCONT)
    return name


def rolling_restart(platform, rng):
    service = rng.choice(SERVICES)
    for i in range(platform.instances):
        platform.shell(f"stop {service}-{i}")
        platform.start_service(service, i)
    return service


def kill_broker(platform, rng):
    platform.kill("kafka")
    hold(rng.uniform(0, 8))
    platform.shell("start_kafka")


def stop_broker(platform, rng):
    platform.shell('"$repo/deploy/local/kafka" stop --dir "$STATE/kafka"')
    hold(rng.uniform(5, 20))
    platform.shell("start_kafka")


def kill_redis(platform, rng):
    platform.kill("redis")
    hold(rng.uniform(0, 10))
    platform.shell("start_redis")


def flush_redis(platform, _rng):
    platform.redis("FLUSHALL")


def old_redis(platform, rng):
    """Redis comes back with a snapshot of the past, as after a failover to a lagging replica."""
    platform.redis("SAVE")
    old = platform.state / "redis/dump.rdb"
    kept = platform.state / "redis/old.rdb"
    if not old.exists():
        return "no snapshot"
    shutil.copy(old, kept)
    hold(rng.uniform(2, 5))
    platform.kill("redis")
    shutil.copy(kept, old)
    platform.shell("start_redis")
    old.unlink()
    return "snapshot restored"


def reset_connections(platform, rng):
    """Cut the connections of clients at one of the two servers."""
    if rng.random() < 0.5:
        platform.redis("CLIENT", "KILL", "TYPE", "normal")
        return "redis"
    subprocess.run(["ss", "-K", "dport", "=", f":{platform.kafka_port}"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    return "kafka"


def mail_outage(platform, rng):
    platform.kill("smtp")
    hold(rng.uniform(1, 6))
    platform.shell("start_smtp")


def sms_outage(platform, rng):
    platform.kill("smsc")
    hold(rng.uniform(1, 6))
    platform.shell("start_smsc")


def full_disk(platform, rng):
    """The file system under the broker's log fills up; the broker ends itself; space comes back."""
    ballast = platform.state / "kafka/ballast"
    free = shutil.disk_usage(ballast.parent).free
    if free > 2 << 30:
        return "skipped: the broker's log is not on a bounded file system"
    with open(ballast, "wb") as file:
        try:
            while True:
                file.write(b"\0" * (1 << 20))
        except OSError:
            pass
    hold(rng.uniform(3, 8))
    os.unlink(ballast)
    if not platform.alive("kafka"):
        platform.shell("start_kafka")
    return "filled"


# name: (function, weight in a short campaign, weight in a long one)
FAULTS = {
    "kill -9 of a service": (kill_service, 5, 6),
    "kill -9 of the gateway": (kill_gateway, 1, 1),
    "SIGSTOP beyond the session timeout": (pause_service, 2, 3),
    "rolling restart": (rolling_restart, 1, 2),
    "kill -9 of the broker": (kill_broker, 1, 2),
    "stop of the broker": (stop_broker, 0, 1),
    "kill -9 of Redis": (kill_redis, 1, 2),
    "FLUSHALL": (flush_redis, 2, 2),
    "old Redis snapshot": (old_redis, 1, 2),
    "connection resets": (reset_connections, 2, 3),
    "SMTP outage": (mail_outage, 1, 1),
    "SMSC outage": (sms_outage, 1, 1),
    "full disk under the broker": (full_disk, 0, 1),
}


def schedule(rng, seconds, long):
    """The seeded list of (pause before, name): every kind once before any repeats are drawn."""
    names = [name for name, (_f, short, weight) in FAULTS.items() if (weight if long else short)]
    weights = [FAULTS[name][2 if long else 1] for name in names]
    first = names[:]
    rng.shuffle(first)
    plan, spent = [], 0.0
    while spent < seconds:
        name = first.pop() if first else rng.choices(names, weights)[0]
        pause = rng.uniform(0.5, 4)
        plan.append((pause, name))
        spent += pause + 3
    return plan


def settle(platform):
    """Everything up and running again."""
    for name in [f"{s}-{i}" for s in SERVICES for i in range(platform.instances)]:
        platform.signal(name, signal.SIGCONT)
    for part in ("kafka", "redis", "smtp", "smsc"):
        if not platform.alive(part):
            platform.shell(f"start_{part}")
    wait_until("every service runs", lambda: not platform.supervise(), 60, 1.0)
