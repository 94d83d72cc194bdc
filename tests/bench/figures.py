"""What a benchmark counts: CPU, memory and records, read from /proc, from Kafka and from Redis. Standard library only."""
import collections
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def compiling_seconds(pid):
    """CPU that a Java process has spent on compiling its own code."""
    ticks = 0
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            name, fields = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:  # it has ended
            continue
        if name.startswith(("C1 Compiler", "C2 Compiler")):
            ticks += sum(map(int, fields.split()[11:13]))
    return ticks / TICK


def resident_mib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status") as status:
        return next((int(line.split()[1]) / 1024 for line in status if line.startswith(field + ":")), 0.0)


def forget_peak(pid):
    """VmHWM counts from now on."""
    with open(f"/proc/{pid}/clear_refs", "w") as refs:
        refs.write("5")


def log_bytes(data):
    """Of all partitions of a broker, its own topics too: what was written and not yet cleaned away."""
    return sum(path.stat().st_size for path in pathlib.Path(data).glob("*/*.log") if not path.parent.name.startswith("__cluster"))


class Figures(dict):
    """What was measured: name -> list of repeats; printed as median and spread."""

    def add(self, name, value):
        self.setdefault(name, []).append(round(value, 4))

    def median(self, name):
        return statistics.median(self[name]) if self.get(name) else None

    def ratio(self, a, b):
        a, b = self.median(a), self.median(b)
        return round(a / b, 3) if a is not None and b else None

    def table(self):
        for name, values in self.items():
            print(f"  {name:66} {statistics.median(values):12.3f}   [{min(values):.3f} .. {max(values):.3f}]")


class Profile:
    """Samples of running processes by perf: start, stop, and the hottest symbols of the main thread and of all."""

    def __init__(self, pids):
        self.file = tempfile.mktemp(prefix="clinic-bench-", suffix=".perf")
        self.run = subprocess.Popen(["perf", "record", "-q", "-F", "499", "-o", self.file, "-p", ",".join(map(str, pids))],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        """Counter of (thread, symbol, library); empty when perf may not look."""
        self.run.terminate()
        self.run.wait()
        found = collections.Counter()
        done = subprocess.run(["perf", "script", "-i", self.file, "-F", "comm,tid,ip,sym,dso"], capture_output=True, text=True,
                              errors="replace")
        for line in done.stdout.splitlines():
            sample = re.match(r"\s*(.+?)\s+\d+\s+[0-9a-f]+ (.*) \((.*)\)$", line)
            if sample:
                symbol = re.sub(r"\+0x[0-9a-f]+$", "", sample[2])
                found[(sample[1], symbol, os.path.basename(sample[3].split(" (")[0]))] += 1
        if os.path.exists(self.file):
            os.unlink(self.file)
        return found


def hottest(found, n=25):
    total = sum(found.values())
    by_library = collections.Counter()
    for (_, _, library), count in found.items():
        by_library[library] += count
    lines = [f"  {100 * count / total:5.1f} %  {library}" for library, count in by_library.most_common(8)]
    lines.append("  by thread and symbol:")
    lines += [f"  {100 * count / total:5.1f} %  {thread:16} {symbol} ({library})"
              for (thread, symbol, library), count in found.most_common(n)]
    return lines
