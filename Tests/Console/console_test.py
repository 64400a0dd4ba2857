#!/usr/bin/env python3
"""Drives the console of a gateway in a headless Chromium, as a person on call would, and says what it saw.

Usage: console_test.py BINARY [SCREENSHOTS]. Two gateways that share a Redis, two instances of one agent, a token issuer and a
small load, all on free ports of this machine; each is ended by its process id. Exits 1 at the first thing that is not as it should be.
"""
import http.client, json, os, pathlib, signal, socket, subprocess, sys, tempfile, threading, time, urllib.parse

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SEEN_SECONDS = 2.0  # within this a person sees what has happened
START_SECONDS = 30


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets: one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets: one.close()
    return ports


def until(what, is_so, seconds):
    """Polls; returns how long it took."""
    began = time.monotonic()
    while True:
        value = is_so()
        if value: return time.monotonic() - began
        if time.monotonic() - began > seconds: raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def ask(port, method, path, token=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


class Scene:
    """What the console looks at."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.children, self.ended = binary, pathlib.Path(folder), {}, threading.Event()
        names = ["redis", "issuer", "g1", "g1 admin", "g2", "g2 admin"]
        self.ports = dict(zip(names, free_ports(len(names))))

    def start(self):
        self.run("redis", ["redis-server", "--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)])
        issuer = f"http://127.0.0.1:{self.ports['issuer']}"
        self.run("issuer", [self.binary, "token", "serve", "--port", str(self.ports["issuer"]), "--issuer", issuer])
        for name in ["redis", "issuer"]: self.wait(name, lambda: self.is_open(name))
        (self.folder / "policy.yaml").write_text("""
default: deny
rules:
  - { id: no-exports, action: DENY, intents: ["Export*"], roles: [user] }
  - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 60, rate_limit_burst: 10, rate_limit_key_template: "{tenant}" }
  - { id: load, action: ALLOW, roles: [load] }
""")
        (self.folder / "ring.json").unlink(missing_ok=True)
        for name in ["g1", "g2"]:
            (self.folder / f"{name}.yaml").write_text(f"""
listen: {{ http: "127.0.0.1:{self.ports[name]}" }}
admin:
  http: "127.0.0.1:{self.ports[name + ' admin']}"
  access: {{ administratorRoles: [intentusnet-admin], viewerRoles: [intentusnet-viewer], failuresPerMinute: 100 }}
store: {{ redis: {{ url: "redis://127.0.0.1:{self.ports['redis']}", sealFile: seal }} }}
authentication:
  issuers:
    - {{ issuer: {issuer}, audiences: [intentusnet], jwks: {{ url: "{issuer}/jwks.json", allowInsecureHttp: true }} }}
policy: {{ files: [policy.yaml] }}
registration: {{ allow: [{{ agents: ["*"], roles: [agent] }}] }}
audit: {{ output: none }}
eventLoops: 1
""")
        (self.folder / "seal").write_bytes(os.urandom(32))
        for name in ["g1", "g2"]: self.run(name, [self.binary, "gateway", "--config", str(self.folder / f"{name}.yaml")])
        for name in ["g1", "g2"]:
            self.wait(name, lambda: self.is_open(name + " admin") and ask(self.ports[name + " admin"], "GET", "/health/ready")[0] == 200)
        agent = self.token("worker", ["agent"])
        for instance in ["one", "two"]:
            self.run(instance, [self.binary, "worker", "--gateway", f"http://127.0.0.1:{self.ports['g1']}", "--name", "summarizer",
                                "--instance", instance, "--intent", "SummarizeIntent"], INTENTUSNET_TOKEN=agent)
        threading.Thread(target=self.load, daemon=True).start()

    def run(self, name, command, **environment):
        with open(self.folder / f"{name}.log", "w") as log:
            self.children[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment})

    def is_open(self, name):
        with socket.socket() as one: return one.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def wait(self, name, is_there):
        def look():
            if self.children[name].poll() is not None:
                raise AssertionError(f"{name} ended: {(self.folder / f'{name}.log').read_text()}")
            return is_there()
        until(f"{name} starts", look, START_SECONDS)

    def token(self, subject, roles, tenant="acme"):
        claims = {"subject": subject, "roles": roles, "tenant": tenant, "lifetimeSeconds": 3000}
        return json.loads(ask(self.ports["issuer"], "POST", "/token", None, claims)[2])["access_token"]

    def send(self, intent, token, gateway="g1"):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return ask(self.ports[gateway], "POST", "/api/v1/intent", token, {
            "version": "1.0", "intent": {"name": intent}, "payload": {"text": "hello"},
            "context": {"sourceAgent": "console", "timestamp": now},
            "metadata": {"requestId": f"console-{intent}", "source": "console", "createdAt": now}})

    def load(self):
        token, due = self.token("load", ["load"], "globex"), time.monotonic()
        while not self.ended.wait(max(0, due - time.monotonic())):
            try: self.send("SummarizeIntent", token)
            except OSError: pass
            due = max(due + 0.02, time.monotonic() - 1)

    def stop(self):
        self.ended.set()
        for child in reversed(self.children.values()):
            if child.poll() is None: child.terminate()
        for child in self.children.values():
            try: child.wait(10)
            except subprocess.TimeoutExpired: child.kill()


class Page:
    """The console in a browser."""

    def __init__(self, url):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for option in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                       "--disable-background-networking", "--window-size=1360,1500"]: options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.get(url)

    def text(self, id): return self.driver.execute_script("return document.getElementById(arguments[0]).innerText", id)

    def row(self, table, words):
        """The text of the first row of a table with all the words; nothing where there is none."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(row => row.innerText)"
            ".find(text => arguments[1].every(word => text.includes(word))) ?? ''", table, words)

    def button(self, table, words, label):
        return self.driver.execute_script(
            "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].filter(row => arguments[1].every(word => row.innerText.includes(word)))"
            ".flatMap(row => [...row.querySelectorAll('button')]).find(button => button.textContent === arguments[2]) ?? null", table, words, label)

    def click(self, table, words, label):
        """Clicks a button of a row, found anew where the page has just renewed it."""
        def tried():
            try:
                button = self.button(table, words, label)
                if button: button.click()
                return button is not None
            except StaleElementReferenceException:
                return False
        until(f"{label} of {words}", tried, 5)

    def is_shown(self, id): return self.driver.find_element(By.ID, id).is_displayed()

    def sign_in(self, token):
        self.driver.find_element(By.ID, "token").send_keys(token + Keys.ENTER)

    def focus(self): return self.driver.execute_script("return document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.tagName")

    def press(self, key): webdriver.ActionChains(self.driver).send_keys(key).perform()

    def picture(self, folder, name, scheme, width, height):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        time.sleep(0.3)
        self.driver.save_screenshot(str(pathlib.Path(folder) / f"{name}.png"))
        wide = self.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        return wide


def check(is_so, what):
    if not is_so: raise AssertionError(what)
    print(f"seen: {what}", flush=True)


def drive(scene, pictures):
    admin = scene.ports["g1 admin"]
    status, headers, _ = ask(admin, "GET", "/console")
    policy = {name.lower(): value for name, value in headers.items()}.get("content-security-policy", "")
    check(status == 200 and "default-src 'none'" in policy and "unsafe" not in policy, "the page is for everybody, under a strict policy")
    page = Page(f"http://127.0.0.1:{admin}/console")
    try:
        until("the question who it is", lambda: page.is_shown("sign-in"), START_SECONDS)
        check(page.focus() == "token", "whoever is not known is asked, and may type at once")
        page.sign_in("wrong")
        until("a wrong token is refused", lambda: "bearer" in page.text("sign-in-reason").lower() or "token" in page.text("sign-in-reason").lower(), 5)
        check(page.is_shown("sign-in") and not page.is_shown("board"), "a wrong token shows nothing of the node")

        page.sign_in(scene.token("watcher", ["intentusnet-viewer"]))
        until("the board", lambda: page.is_shown("board"), 5)
        until("both gateways", lambda: page.row("nodes", ["this node"]) and page.driver.execute_script("return document.querySelectorAll('#nodes tbody tr').length") == 2, 10)
        until("both instances", lambda: "healthy" in page.row("agents", ["one"]) and "healthy" in page.row("agents", ["two"]), 10)
        check(not page.button("nodes", ["this node"], "Drain").is_enabled(), "whoever may only read finds no button that works")
        page.driver.find_element(By.ID, "sign-out").click()
        until("signed out", lambda: page.is_shown("sign-in"), 5)

        page.sign_in(scene.token("operator", ["intentusnet-admin"]))
        until("the board of an operator", lambda: page.is_shown("board") and page.button("nodes", ["this node"], "Drain"), 5)
        check("may act" in page.text("who"), "the page says who one is and that one may act")
        until("traffic", lambda: "success" in page.text("mix-key") and "ms" in page.text("figures") + "ms", 10)

        # A refused request, with its rule.
        user = scene.token("alice", ["user"])
        check(scene.send("ExportIntent", user)[0] == 403, "a request is refused")
        took = until("the refusal", lambda: "no-exports" in page.row("refusals", ["ExportIntent"]), SEEN_SECONDS)
        check(True, f"it is shown with its rule after {took:.2f} s")
        for _ in range(13): limited = scene.send("SummarizeIntent", user)[0]
        check(limited == 429, "a limit is reached")
        took = until("the limit", lambda: "acme" in page.row("limits", ["users"]) and page.row("refusals", ["429", "users"]), SEEN_SECONDS)
        check(True, f"the hot limit and its refusal are shown after {took:.2f} s")

        # A killed worker.
        os.kill(scene.children["one"].pid, signal.SIGKILL)
        took = until("the killed worker", lambda: "healthy" not in page.row("agents", ["one"]), SEEN_SECONDS)
        check(True, f"a worker that was killed is shown after {took:.2f} s")
        check("1 of 2 healthy" in page.row("agents", ["SummarizeIntent"]) or "1 healthy" in page.row("agents", ["SummarizeIntent"]), "and what is left of its agent")

        # Asking before acting, by keyboard alone.
        page.driver.execute_script("arguments[0].focus()", page.button("nodes", ["this node"], "Drain"))
        page.press(Keys.ENTER)
        until("the question", lambda: page.is_shown("ask"), 2)
        check(page.focus() == "ask-no", "the question has the focus on the harmless answer")
        page.press(Keys.ESCAPE)
        until("the question goes", lambda: not page.is_shown("ask"), 2)
        check("serving" in page.row("nodes", ["this node"]), "Escape does nothing")
        page.press(Keys.ENTER)
        until("the question again", lambda: page.is_shown("ask"), 2)
        page.press(Keys.TAB)
        check(page.focus() == "ask-yes", "Tab leads to the answer that acts")
        page.press(Keys.ENTER)
        took = until("the drained node", lambda: "drained" in page.row("nodes", ["this node"]), SEEN_SECONDS)
        check("drained" in page.text("verdict-text"), f"a drained node is shown after {took:.2f} s, and at the top")
        check(ask(admin, "GET", "/health/ready")[0] == 503, "and the node is not ready")
        page.click("nodes", ["this node"], "Undrain")
        page.driver.find_element(By.ID, "ask-yes").click()
        until("the node is back", lambda: "serving" in page.row("nodes", ["this node"]), SEEN_SECONDS)

        # What another gateway's operator does is seen here.
        operator = scene.token("operator", ["intentusnet-admin"])
        check(ask(scene.ports["g2 admin"], "POST", "/admin/v1/node/drain", operator, {})[0] == 200, "the other gateway is drained")
        until("the other one is drained", lambda: page.driver.execute_script(
            "return [...document.querySelectorAll('#nodes tbody tr')].some(row => !row.innerText.includes('this node') && row.innerText.includes('drained'))"), 5)
        page.click("agents", ["two"], "Drain")
        page.driver.find_element(By.ID, "ask-yes").click()
        until("the drained instance", lambda: "drained" in page.row("agents", ["two"]), SEEN_SECONDS)
        page.click("agents", ["two"], "Undrain")
        page.driver.find_element(By.ID, "ask-yes").click()
        until("the instance is back", lambda: "drained" not in page.row("agents", ["two"]), SEEN_SECONDS)
        for _ in range(13): scene.send("SummarizeIntent", user)
        until("the hot limit again", lambda: page.button("limits", ["users"], "Reset"), SEEN_SECONDS)
        page.click("limits", ["users"], "Reset")
        page.driver.find_element(By.ID, "ask-yes").click()
        until("the bucket is full", lambda: not page.is_shown("ask"), 5)
        check(True, "a drained gateway, an instance and a bucket are seen and put back")

        # What is refused is told where it was asked.
        page.click("keys", ["127.0.0.1"], "Refresh")
        scene.children["issuer"].terminate()
        scene.children["issuer"].wait(10)
        page.driver.find_element(By.ID, "ask-yes").click()
        until("the fault", lambda: page.text("ask-error"), 10)
        check(page.is_shown("ask"), f"what cannot be done is told in the question: {page.text('ask-error')}")
        page.press(Keys.ESCAPE)

        for name, scheme, width, height in [("light", "light", 1360, 1500), ("dark", "dark", 1360, 1500), ("phone", "light", 390, 1600), ("phone-dark", "dark", 390, 844)]:
            over = page.picture(pictures, name, scheme, width, height)
            check(over <= 0, f"nothing is wider than the page at {width} pixels, {scheme}")
        hosts = page.driver.execute_script("return [...new Set(performance.getEntriesByType('resource').map(entry => new URL(entry.name).host))]")
        check(hosts == [f"127.0.0.1:{admin}"], "nothing came from anywhere else")
        lines = [entry["message"] for entry in page.driver.get_log("browser")]
        lines = [line for line in lines if not any(word in line for word in ["401", "502"])]
        check(not lines, f"the browser had nothing to complain of {lines}")

        # A gateway that hangs is told, and one that dies.
        scene.children["g1"].send_signal(signal.SIGSTOP)
        took = until("the gateway that hangs", lambda: "does not answer" in page.text("verdict-text"), 8)
        check(True, f"a gateway that says nothing is told after {took:.2f} s")
        scene.children["g1"].send_signal(signal.SIGCONT)
        until("it is back", lambda: page.text("verdict-text") in ["healthy", "degraded"], 15)
        scene.children["g1"].kill()
        took = until("the dead gateway", lambda: "does not answer" in page.text("verdict-text"), 8)
        check(True, f"a gateway that was killed is told after {took:.2f} s")
    finally:
        page.driver.quit()


def main():
    binary, pictures = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(binary, folder)
        try:
            scene.start()
            pathlib.Path(pictures or folder).mkdir(parents=True, exist_ok=True)
            drive(scene, pictures or folder)
        except AssertionError as fault:
            logs = "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in pathlib.Path(folder).glob("g*.log"))
            sys.exit(f"console: {fault}\n{logs}")
        finally:
            scene.stop()
    print("passed")


main()
