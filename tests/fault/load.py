"""The load of a campaign: applications that compete for places and persons, repeat themselves and are taken back, while
the registers change. Everything is counted; nothing of it waits for the platform longer than the doors make it.

The applications are those of `attachctl generate`, changed.
"""
import collections
import csv
import json
import queue
import random
import threading
import time

Item = collections.namedtuple("Item", "application copies withdraw over", defaults=(1, False, "kafka"))
HTTP_WORKERS = 3


def reference(application):
    return {"source": application["source"], "external_ref": application["external_ref"]}


def contended(lines, hot, seed, count):
    """Items from generated applications, a function of the seed: about half of them for few clinics, a tenth with a second
    one of the same person by another portal at the same moment, a tenth repeated, one in twenty taken back at once."""
    rng = random.Random(f"{seed}/load")
    base = [json.loads(line) for line in lines]
    plan = []
    for i in range(count):
        application = json.loads(json.dumps(rng.choice(base)))
        application["external_ref"] = f"c{i}"
        if rng.random() < 0.5:
            application["clinic_id"] = rng.choice(hot)
        over = rng.choices(["kafka", "http", "both"], [85, 12, 3])[0]
        plan.append(Item(application, 1 + (rng.random() < 0.1), rng.random() < 0.05, over))
        if rng.random() < 0.1:
            other = "SOURCE_CLINIC_DESK" if application["source"] == "SOURCE_MOSRU" else "SOURCE_MOSRU"
            twin = dict(application, external_ref=f"c{i}t", source=other)
            plan.append(Item(twin, 1, False, rng.choice(["kafka", "http"])))
    return plan


def describe(plan):
    """What of the load is in a plan."""
    return {"applications": len(plan), "persons": len({i.application["personal"]["policy_number"] for i in plan}),
            "second portal": sum(1 for i in plan if i.application["external_ref"].endswith("t")),
            "resubmitted": sum(1 for i in plan if i.copies > 1 or i.over == "both"),
            "withdrawn at once": sum(1 for i in plan if i.withdraw)}


class Submitter:
    """Submits over both roads; keeps the ids that were accepted. Every road repeats what a door did not take."""

    def __init__(self, platform, plan, seconds):
        self.platform, self.plan, self.seconds = platform, plan, seconds
        self.chunk = max(20, min(200, len(plan) // 200))
        self.accepted, self.errors, self.broken = set(), 0, []
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.letters = queue.Queue()
        self.threads = [threading.Thread(target=self.guard, args=(self.over_kafka,), daemon=True)]
        self.threads += [threading.Thread(target=self.guard, args=(self.over_http,), daemon=True) for _ in range(HTTP_WORKERS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.broken:
            raise self.broken[0]

    def guard(self, run):
        try:
            run()
        except Exception as error:  # told by join()
            self.broken.append(error)

    def count(self, name, n=1):
        with self.lock:
            self.counts[name] += n

    def over_kafka(self):
        began, chunks = time.monotonic(), range(0, len(self.plan), self.chunk)
        try:
            for nth, at in enumerate(chunks):
                chunk = self.plan[at:at + self.chunk]
                for item in chunk:
                    if item.over != "kafka":
                        self.letters.put(item)
                self.apply(chunk)
                time.sleep(max(0, began + self.seconds * (nth + 1) / len(chunks) - time.monotonic()))
        finally:
            for _ in range(HTTP_WORKERS):
                self.letters.put(None)

    def apply(self, chunk):
        mine = [item for item in chunk if item.over != "http"]
        lines = [json.dumps(i.application) for i in mine for _ in range(i.copies)]
        back = [json.dumps(reference(i.application)) for i in mine if i.withdraw]
        if lines:
            self.accepted.update(self.publish(lines))
            self.count("submitted over Kafka", len(lines))
        if back:
            self.publish(back, "--withdraw")
            self.count("withdrawals over Kafka", len(back))

    def publish(self, lines, *options):
        while True:
            done = self.platform.ctl("apply", *options, "-", check=False, text="\n".join(lines) + "\n")
            if done.returncode == 0:
                return done.stdout.split()
            self.count("repeated publications")
            time.sleep(0.5)

    def over_http(self):
        while (item := self.letters.get()) is not None:
            for _ in range(item.copies):
                self.post("/v1/applications", item.application)
            if item.withdraw:
                where = self.post("/v1/applications", item.application)
                if where:
                    self.post(where + "/withdrawal", reference(item.application), "withdrawals over HTTP")

    def post(self, path, body, name="submitted over HTTP"):
        """The Location of the answer; None when the request is refused for good."""
        while True:
            status, headers, _body = self.platform.http("POST", path, body)
            if status == 202:
                self.count(name)
                where = headers["Location"]
                if path == "/v1/applications":
                    with self.lock:
                        self.accepted.add(where.rsplit("/", 1)[1])
                return where
            if 400 <= status < 500 and status != 429:
                self.count(f"{name}: {status}")
                return None
            self.count("repeated posts")
            time.sleep(0.3)


class Registrar(threading.Thread):
    """Changes the registers while applications are decided: policies end and are good again, persons move to another
    district, norms go up and down, a clinic leaves the register of CHI clinics and comes back."""

    def __init__(self, platform, folder, hot, seed, pause):
        super().__init__(daemon=True)
        self.platform, self.folder, self.hot, self.pause = platform, folder, hot, pause
        self.rng = random.Random(f"{seed}/registers")
        self.tables = {name: self.read(name) for name in ("policies", "persons", "clinics", "doctors")}
        self.counts, self.done, self.ended, self.n = collections.Counter(), threading.Event(), [], 0
        self.broken = None

    def read(self, name):
        with open(self.folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def write(self, name, rows):
        path = self.folder / f"{name}-{self.n}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), delimiter=";", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def run(self):
        changes = [self.policies, self.persons, self.norms, self.register]
        try:
            while not self.done.wait(self.pause):
                change = changes[self.n % len(changes)]
                self.n += 1
                files = change()
                while self.platform.ctl("registry", "load", *files, check=False).returncode != 0:
                    self.counts["repeated loads"] += 1
                    if self.done.wait(0.5):
                        return
                self.counts[change.__name__] += 1
        except Exception as error:
            self.broken = error

    def stop(self):
        self.done.set()
        self.join()
        if self.broken:
            raise self.broken

    def policies(self):
        for row in self.ended:
            row["status"] = "ACTIVE"
        again = self.ended
        self.ended = self.rng.sample([r for r in self.tables["policies"] if r["status"] == "ACTIVE"], 30)
        for row in self.ended:
            row["status"] = "ANNULLED"
        return [self.write("policies", again + self.ended)]

    def persons(self):
        rows = self.rng.sample(self.tables["persons"], 30)
        for row in rows:
            row["residence_district"] = self.rng.choice(self.tables["persons"])["residence_district"]
        return [self.write("persons", rows)]

    def clinic_files(self, clinics):
        ids = {row["clinic_id"] for row in clinics}
        return [self.write("clinics", clinics), self.write("doctors", [d for d in self.tables["doctors"] if d["clinic_id"] in ids])]

    def norms(self):
        clinics = [c for c in self.tables["clinics"] if c["clinic_id"] in self.hot]
        for doctor in self.tables["doctors"]:
            if doctor["clinic_id"] in self.hot and doctor["profile"] == "ADULT_THERAPEUTIC":
                doctor["norm"] = str(max(0, int(doctor["norm"]) + self.rng.randint(-3, 5)))
        return self.clinic_files(clinics)

    def register(self):
        clinic = self.rng.choice([c for c in self.tables["clinics"] if c["clinic_id"] not in self.hot and c["in_chi_register"] == "1"])
        back = [c for c in self.tables["clinics"] if c.pop("was", None)]
        for row in back:
            row["in_chi_register"] = "1"
        clinic["in_chi_register"] = "0"
        files = self.clinic_files(back + [clinic])
        clinic["was"] = True
        return files
