"""The load of a campaign: applications that compete for places and persons, repeat themselves and are taken back.

The applications are those of `attachctl generate`, changed: two portals for one person, few clinics for many, repeats.
"""
import json
import threading
import time


def contended(lines, rng, count):
    """Applications from generated ones: [(application, copies, withdraw)]. Deterministic by rng."""
    base = [json.loads(line) for line in lines]
    clinics = sorted({a["clinic_id"] for a in base if a.get("clinic_id")})
    hot = rng.sample(clinics, max(1, len(clinics) // 10))
    plan = []
    for i in range(count):
        application = json.loads(json.dumps(rng.choice(base)))
        application["external_ref"] = f"c{i}"
        if rng.random() < 0.5:
            application["clinic_id"] = rng.choice(hot)
        plan.append((application, 1 + (rng.random() < 0.1), rng.random() < 0.05))
        if rng.random() < 0.1:
            twin = dict(application, external_ref=f"c{i}t",
                        source="SOURCE_CLINIC_DESK" if application["source"] == "SOURCE_MOSRU" else "SOURCE_MOSRU")
            plan.append((twin, 1, False))
    return plan


class Submitter:
    """Submits over both roads from two threads; keeps the ids that were accepted."""

    def __init__(self, platform, plan, seconds):
        self.platform, self.plan = platform, plan
        self.accepted, self.refused, self.errors = set(), 0, 0
        self.pause = seconds / max(1, len(plan)) * 200
        self.threads = [threading.Thread(target=self.over_kafka, args=(plan[: len(plan) * 9 // 10],)),
                        threading.Thread(target=self.over_http, args=(plan[len(plan) * 9 // 10:],))]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def over_kafka(self, plan):
        for at in range(0, len(plan), 200):
            chunk = plan[at:at + 200]
            text = "".join(json.dumps(a) + "\n" for a, copies, _w in chunk for _ in range(copies))
            while True:
                done = self.platform.ctl("apply", "-", check=False, text=text)
                if done.returncode == 0:
                    break
                self.errors += 1
                time.sleep(0.5)
            self.accepted.update(done.stdout.split())
            time.sleep(self.pause)

    def over_http(self, plan):
        for application, copies, withdraw in plan:
            for _ in range(copies):
                self.post(application)
            if withdraw:
                self.withdraw(application)

    def post(self, application):
        while True:
            status, headers, body = self.platform.http("POST", "/v1/applications", application)
            if status == 202:
                self.accepted.add(headers["Location"].rsplit("/", 1)[1])
                return
            if 400 <= status < 500:
                self.refused += 1
                return
            self.errors += 1
            time.sleep(0.3)

    def withdraw(self, application):
        status, headers, _body = self.platform.http("POST", "/v1/applications", application)
        if status == 202:
            self.platform.http("POST", headers["Location"] + "/withdrawal", {})
