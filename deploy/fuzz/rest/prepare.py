"""Signs in to a fresh `weir`, gives it something to show, and prints what the fuzzer needs to know.

    prepare.py URL PASSWORD SIGNING_SECRET ROLE     prints shell assignments, writes openapi.json, ids.toml

ROLE is admin, analyst or auditor: the token that is printed holds what that role holds. It belongs to the
admin, so that no request of the fuzzer can end it by changing the role's user.
"""

import hashlib
import hmac
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

ADMIN = "admin@example.com"
CARD = "4111 1111 1111 1111"
EACH = 8
COLLECTIONS = (
    "alerts", "audit/events", "detectors", "events", "groups", "messages", "policies", "scans", "suppressions",
    "users", "webhooks",
)  # fmt: skip
KEPT = set()


class Api:
    def __init__(self, url):
        self.url, self.token = url, None

    def call(self, method, path, body=None, headers=()):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers:
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            sys.exit(f"{method} {path}: {refusal.status} {refusal.read().decode()}")
        return json.loads(text) if text else None

    def sign_in(self, email, password):
        session = self.call("POST", "/api/v1/auth/login", {"email": email, "password": password})
        self.token = session["access_token"]
        return self.call("GET", "/api/v1/auth/me")


def wait_for(url):
    for _ in range(300):
        try:
            return urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the server does not get ready")


def leak(api, secret, n):
    """A message with a card in it, as Slack sends it."""
    event = {
        "type": "message", "channel": "C0001", "channel_type": "channel", "user": "U0001",
        "text": f"the card is {CARD}", "ts": f"1700000000.{n:06}",
    }  # fmt: skip
    envelope = {"type": "event_callback", "team_id": "T0001", "api_app_id": "A0001", "event_id": f"Ev{n}", "event_time": 1700000000, "event": event}
    raw, at = json.dumps(envelope).encode(), str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw, hashlib.sha256).hexdigest()
    headers = [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", f"v0={signature}")]
    api.call("POST", "/slack/events", raw, headers)


def make(api, n):
    """One of each thing that has routes of its own; only an account and its tokens need no more than one."""
    path = "/api/v1"
    api.call("POST", f"{path}/detectors", {"name": f"Badge {n}", "info_type": "BADGE", "pattern": f"BADGE-{n}-[0-9]{{6}}"})
    api.call("POST", f"{path}/groups", {"name": f"Group {n}", "members": ["U0001"]})
    api.call("POST", f"{path}/policies", {"name": f"Policy {n}", "mode": "off", "rules": [{"info_types": ["BADGE"]}]})
    api.call("POST", f"{path}/suppressions", {"reason": "made up", "matches": {"channels": [f"C{n}"]}})
    api.call("POST", f"{path}/webhooks", {"name": f"Hook {n}", "url": "https://hooks.example.org/weir"})
    api.call("POST", f"{path}/users", {"email": f"user{n}@example.com", "role": "auditor"})
    event = {"source": "firewall", "event_type": f"scan-{n}", "severity": "HIGH", "description": "made up"}
    api.call("POST", f"{path}/events", event)


def fill(api, secret):
    """What the fuzzer finds there. It deletes some of it, so there are several of each."""
    for n in range(EACH):
        leak(api, secret, n)
        make(api, n)
    api.call("POST", "/api/v1/scans?wait=30", {"text": f"the card is {CARD}"})
    for _ in range(300):
        if api.call("GET", "/api/v1/messages")["total"] >= EACH:
            return
        time.sleep(0.1)
    sys.exit("the messages were not caught")


def bindings(api):
    """Configuration by which half of the requests name what is there; a made-up id is nobody's."""
    for name in COLLECTIONS:
        items = api.call("GET", f"/api/v1/{name}")["items"]
        ids = json.dumps([item["id"] for item in items if item["id"] not in KEPT])
        key = name.replace("/", "-")
        yield f"[dictionaries.{key}]\nvalues = {ids}\n"
        # What tells words of a path apart is a regular expression's to say.
        yield f"[[operations]]\ninclude-path-regex = '^/api/v1/{name}/\\{{id\\}}'\n"
        yield f"parameters = {{ 'path.id' = {{ dictionary = '{key}', probability = 0.6 }} }}\n"


def main():
    url, password, secret, role = sys.argv[1:]
    wait_for(url)
    with urllib.request.urlopen(f"{url}/api/openapi.json", timeout=60) as document:
        pathlib.Path("openapi.json").write_bytes(document.read())
    admin = Api(url)
    me = admin.sign_in(ADMIN, password)
    permissions = me["permissions"]
    if role != "admin":
        email = f"{role}@example.com"
        admin.call("POST", "/api/v1/users", {"email": email, "role": role, "password": password})
        permissions = Api(url).sign_in(email, password)["permissions"]
    made = admin.call("POST", "/api/v1/tokens", {"name": "fuzzer", "scopes": permissions})
    fill(admin, secret)
    KEPT.update([me["id"], made["id"]])
    pathlib.Path("ids.toml").write_text("\n".join(bindings(admin)))
    print(f"WEIR_FUZZ_TOKEN={made['secret']} WEIR_FUZZ_SESSION={admin.token} WEIR_FUZZ_KEEP={','.join(KEPT)}")


main()
