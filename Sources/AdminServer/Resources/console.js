// The console of a gateway: follows /admin/v1/events and shows what it says; acts by the admin API, and asks before it does.
// Text from the node enters the page as text alone: no markup is ever made of it.

const $ = id => document.getElementById(id);
let token = null;
let mayAct = false;
let shown = null;
/** The stream that is followed now. */
let following = null;

// MARK: making elements

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "class" || name === "title" || name.includes("-") || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const state = (kind, text) => {
  const element = make("span", { class: "state", "data-state": kind }, make("span", { class: "dot", "aria-hidden": "true" }), text);
  return element;
};

/** Brings the rows of a table in line with what is known, row by row, so that whoever has the focus keeps it. */
function fill(table, rows, nothing) {
  const body = table.tBodies[0];
  const labels = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
  const old = new Map([...body.rows].map(row => [row.dataset.key, row]));
  const wanted = rows.length ? rows : [{ key: "\u0000empty", cells: [make("span", { class: "empty" }, nothing)] }];
  wanted.forEach((row, place) => {
    let element = old.get(row.key);
    old.delete(row.key);
    if (!element) {
      element = make("tr");
      element.dataset.key = row.key;
    }
    element.className = row.kind ?? "";
    row.cells.forEach((content, column) => {
      let cell = element.cells[column];
      if (!cell) {
        cell = element.insertCell();
        if (table.tHead.rows[0].cells[column]?.classList.contains("number")) cell.className = "number";
        if (labels[column] && labels[column] !== "Actions") cell.dataset.label = labels[column];
      }
      put(cell, content);
    });
    if (!rows.length) element.cells[0].colSpan = labels.length;
    if (body.rows[place] !== element) body.insertBefore(element, body.rows[place] ?? null);
  });
  // Those that are wanted stand first by now; others are gone, also where two had one key.
  while (body.rows.length > wanted.length) body.lastElementChild.remove();
}

/** Changes a cell only where it says something else, and never one whose button is being used. */
function put(cell, content) {
  const parts = (Array.isArray(content) ? content : [content]).filter(part => part !== null && part !== undefined)
    .map(part => part instanceof Node ? part : document.createTextNode(String(part)));
  const holder = make("div", {}, ...parts);
  const now = cell.firstElementChild;
  if (now && now.isEqualNode(holder)) {
    // Buttons look alike and may mean something else by now.
    const fresh = holder.querySelectorAll("button");
    now.querySelectorAll("button").forEach((button, index) => { button.onclick = fresh[index].onclick; });
    return;
  }
  if (now && now.contains(document.activeElement) && now.querySelectorAll("button").length === holder.querySelectorAll("button").length) {
    const fresh = holder.querySelectorAll("button");
    now.querySelectorAll("button").forEach((button, index) => {
      button.textContent = fresh[index].textContent;
      button.onclick = fresh[index].onclick;
      button.setAttribute("aria-label", fresh[index].getAttribute("aria-label") ?? "");
    });
    return;
  }
  cell.replaceChildren(...(parts.length ? [holder] : []));
}

// MARK: words for numbers

const count = value => value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });

function latency(microseconds) {
  if (microseconds === null || microseconds === undefined) return "–";
  if (microseconds < 1000) return `${microseconds} µs`;
  if (microseconds < 1e6) return `${(microseconds / 1000).toFixed(microseconds < 1e4 ? 1 : 0)} ms`;
  return `${(microseconds / 1e6).toFixed(1)} s`;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const past = seconds < 0 ? "ended " : "";
  const value = Math.abs(seconds);
  const text = value < 120 ? `${Math.round(value)} s` : value < 7200 ? `${Math.round(value / 60)} min`
    : value < 172800 ? `${Math.round(value / 3600)} h` : `${Math.round(value / 86400)} days`;
  return past ? `${past}${text} ago` : text;
}

const since = (text, now) => text ? `${span(Math.max(0, (Date.parse(now) - Date.parse(text)) / 1000))} ago` : "–";
const clock = text => text ? text.slice(11, 19) : "–";
const join = parts => parts.filter(part => part).join(" · ");

// MARK: showing

const worst = { healthy: "good", degraded: "warn", unhealthy: "bad" };

function show(overview) {
  shown = overview;
  $("board").hidden = false;
  $("sign-in").hidden = true;
  document.body.classList.remove("stale");
  document.title = `${overview.health.status === "healthy" ? "" : "! "}${overview.node.name} – intentusnet`;
  $("node-name").textContent = overview.node.name;
  showHealth(overview);
  showTraffic(overview.traffic);
  showNodes(overview);
  showAgents(overview);
  showLimits(overview.limits);
  showRefusals(overview.refusals);
  showKeys(overview.keys);
  showCertificates(overview.certificates);
}

function verdict(kind, text) {
  // Told to screen readers when it changes, not every second.
  if ($("verdict-text").textContent === text && $("verdict").dataset.state === kind) return;
  $("verdict").dataset.state = kind;
  $("verdict-text").textContent = text;
}

function showHealth({ health, node, time }) {
  if (node.isDrained) verdict("warn", "drained: no new traffic wanted");
  else if (health.phase !== "serving") verdict("warn", health.phase);
  else verdict(worst[health.status], health.status);
  $("freshness").textContent = `as of ${clock(time)} UTC`;
  const bad = health.checks.filter(check => check.status !== "healthy");
  const lines = bad.map(check => {
    const line = make("p", { "data-state": worst[check.status] }, make("strong", {}, `${check.name}: `), check.message || check.status);
    return line;
  });
  const fresh = make("div", {}, ...lines);
  const holder = $("checks");
  if (holder.textContent !== fresh.textContent) holder.replaceChildren(...lines);
}

function showTraffic(traffic) {
  const seconds = traffic.seconds;
  const last = seconds[seconds.length - 1];
  const sum = point => point.answeredPerSecond + point.refusedPerSecond + point.failedPerSecond;
  const total = traffic.outcomesOfLastMinute.reduce((all, part) => all + part.count, 0);
  const figures = [
    ["requests/s", last ? count(sum(last)) : "–"],
    ["answered in the last minute", total ? `${(100 * share(traffic, "success") / total).toFixed(1)} %` : "–"],
    ["p50", latency(last?.p50Microseconds)], ["p99", latency(last?.p99Microseconds)],
  ];
  $("figures").replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));

  const tallest = Math.max(1, ...seconds.map(sum));
  chart($("chart-rate"), seconds, [
    ["answered", "area", point => point.answeredPerSecond], ["refused", "area", point => point.refusedPerSecond],
    ["failed", "area", point => point.failedPerSecond]], tallest, true);
  $("scale-rate").textContent = `top: ${count(tallest)}/s`;
  $("chart-rate").setAttribute("aria-label", last
    ? `Requests per second: now ${count(last.answeredPerSecond)} answered, ${count(last.refusedPerSecond)} refused, ${count(last.failedPerSecond)} failed`
    : "Requests per second");
  const slowest = Math.max(100, ...seconds.map(point => point.p99Microseconds ?? 0));
  chart($("chart-latency"), seconds, [
    ["p50", "line", point => point.p50Microseconds], ["p99", "line", point => point.p99Microseconds]], slowest, false);
  $("scale-latency").textContent = `top: ${latency(slowest)}`;
  $("chart-latency").setAttribute("aria-label", `Latency: p50 ${latency(last?.p50Microseconds)}, p99 ${latency(last?.p99Microseconds)}`);

  const kinds = traffic.outcomesOfLastMinute.map(part => [part, kindOf(part.outcome)]);
  $("mix").replaceChildren(...kinds.map(([part, kind]) => {
    const piece = make("span", { class: kind });
    piece.style.flexGrow = part.count;
    return piece;
  }));
  $("mix-key").replaceChildren(...kinds.map(([part, kind]) => make("li", { class: kind }, make("b", {}, `${part.outcome} ${count(part.count)}`))));
}

const share = (traffic, outcome) => traffic.outcomesOfLastMinute.find(part => part.outcome === outcome)?.count ?? 0;
const callers = new Set(["VALIDATION_ERROR", "UNAUTHORIZED", "RATE_LIMIT", "PAYLOAD_TOO_LARGE", "CAPABILITY_NOT_FOUND", "ROUTING_ERROR", "PROTOCOL_ERROR", "EMCL_FAILURE"]);
const kindOf = outcome => outcome === "success" ? "answered" : outcome === "client_gone" ? "gone" : callers.has(outcome) ? "refused" : "failed";

/** Two minutes from left to right; the newest second is at the right whatever is known of those before it. */
function chart(element, seconds, series, top, isStacked) {
  const [width, height, places] = [600, 120, 120];
  const x = index => width - (seconds.length - 1 - index) * width / (places - 1);
  const y = value => height - 2 - (height - 8) * Math.min(1, value / top);
  const base = seconds.map(() => 0);
  const shapes = series.map(([name, kind, read]) => {
    const values = seconds.map(read);
    if (kind === "area") {
      const under = base.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).reverse();
      values.forEach((value, index) => { base[index] += value ?? 0; });
      const over = base.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
      if (!isStacked) base.fill(0);
      return svg("polygon", { class: `area ${name}`, points: [...over, ...under].join(" ") });
    }
    let path = "";
    let isPenDown = false;
    values.forEach((value, index) => {
      if (value === null || value === undefined) { isPenDown = false; return; }
      path += `${isPenDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      isPenDown = true;
    });
    return svg("path", { class: `line ${name}`, d: path });
  });
  element.replaceChildren(...shapes);
}

function showNodes({ nodes, node }) {
  $("nodes-note").textContent = nodes.store === "memory" ? "this one alone" : nodes.isCurrent ? `${nodes.nodes.length} share Redis` : "Redis is away: as last known";
  fill($("nodes"), nodes.nodes.map(each => ({
    key: each.id,
    cells: [
      [each.name, make("small", {}, each.isThisNode ? `${each.address} · this node` : each.address)],
      each.isDrained ? state("warn", "drained") : state("good", "serving"),
      count(each.requestsPerSecond), count(each.requestsInFlight), [each.version, make("small", {}, `up ${since(each.startedAt, shown.time).replace(" ago", "")}`)],
      each.isThisNode ? act(each.isDrained ? "Undrain" : "Drain", `${node.name}`, each.isDrained
        ? { title: `Put ${node.name} back into service?`, text: "It becomes ready, and balancers send traffic again.", path: "node/undrain", isGentle: true }
        : { title: `Drain ${node.name}?`, text: "It is not ready from now on and every connection ends behind its answer. Whoever still comes is served. The process goes on.", path: "node/drain" }) : null,
    ],
  })), "no node is known");
}

function showAgents({ agents, time }) {
  $("agents-note").textContent = join([`${agents.count}`, agents.count > agents.agents.length ? `the first ${agents.agents.length} are shown` : "", agents.isCurrent ? "" : "Redis is away: as last known"]);
  const rows = [];
  for (const agent of agents.agents) {
    const able = agent.instances.filter(each => each.health === "healthy" && !each.isDrained).length;
    const path = `agents/${encodeURIComponent(agent.name)}`;
    rows.push({
      key: `a ${agent.name}`, kind: "agent",
      cells: [
        [agent.name, make("small", {}, agent.intents.map(intent => `${intent.name} ${intent.version}`).join(", "))],
        agent.isDrained ? state("warn", "drained") : able === 0 ? state("bad", "no healthy instance")
          : able < agent.instances.length ? state("warn", `${able} of ${agent.instances.length} healthy`) : state("good", `${able} healthy`),
        "", count(agent.instances.reduce((all, each) => all + each.inFlight, 0)), agent.source,
        drains(agent.name, path, agent.isDrained, "No new calls to any of its instances; calls under way finish. It lasts a day, or until it is undrained."),
      ],
    });
    for (const each of agent.instances) {
      const isLate = each.expiresInMs !== null && each.lastRenewedAt && Date.parse(time) - Date.parse(each.lastRenewedAt) > each.expiresInMs + 1000;
      rows.push({
        key: `i ${agent.name} ${each.id}`, kind: "instance",
        cells: [
          [each.id, make("small", {}, each.url)],
          each.isDrained ? state("warn", "drained") : each.health === "healthy" ? state(isLate ? "warn" : "good", isLate ? "renewal is late" : "healthy")
            : each.health === "probing" ? state("warn", "probing") : state("bad", each.health),
          latency(each.latencyMicroseconds), count(each.inFlight), each.lastRenewedAt ? since(each.lastRenewedAt, time) : "configured",
          drains(`${agent.name}/${each.id}`, `${path}/instances/${encodeURIComponent(each.id)}`, each.isDrained, "No new calls to it; calls under way finish. It lasts a day, or until it is undrained."),
        ],
      });
    }
  }
  fill($("agents"), rows, "no agent is registered");
}

function drains(name, path, isDrained, text) {
  return act(isDrained ? "Undrain" : "Drain", name, isDrained
    ? { title: `Undrain ${name}?`, text: "It has calls again.", path: `${path}/undrain`, isGentle: true }
    : { title: `Drain ${name}?`, text, path: `${path}/drain` });
}

function showLimits(limits) {
  $("limits-note").textContent = limits.isCurrent ? (limits.store === "redis" ? "shared by all gateways" : "of this node") : "Redis is away: counted by each node alone";
  fill($("limits"), limits.limits.map(each => {
    const used = Math.max(0, each.burstTokens - each.remainingTokens);
    const meter = make("meter", { min: 0, max: each.burstTokens, high: 0.8 * each.burstTokens, optimum: 0, value: used });
    meter.setAttribute("aria-label", `${used} of ${each.burstTokens} used`);
    const key = each.key.join(" ");
    return {
      key: JSON.stringify([each.limit, each.key]),
      cells: [
        [each.limit, make("small", {}, join([key, each.isShadow ? "shadow: refuses nobody" : "", each.heldTokens ? `${count(each.heldTokens)} held here` : ""]))],
        [meter, make("small", {}, `${count(used)} of ${count(each.burstTokens)}, ${count(each.ratePerMinute)}/min`)],
        count(each.requestsPerSecond), count(each.refusedPerSecond),
        // A key that is shown cut short names another bucket.
        each.key.some(text => text.endsWith("…")) ? null : act("Reset", `${each.limit} ${key}`, {
          title: `Fill the bucket of ${each.limit}?`, text: `${key || "Everybody"} may use the whole burst of ${count(each.burstTokens)} at once again.`,
          path: "limits/reset", body: { limit: each.limit, key: each.key },
        }),
      ],
    };
  }), "no limit was asked lately");
}

function showRefusals(refusals) {
  $("refusals-note").textContent = refusals.notKept ? `the newest; ${count(refusals.notKept)} came too fast to be kept here, the audit log has them all` : "the newest first";
  fill($("refusals"), alike(refusals.newest).map(({ newest: each, oldest, count: times, key }) => ({
    key,
    cells: [
      times > 1 ? [`${clock(oldest.at)} – ${clock(each.at).slice(3)}`, make("small", {}, `${times} alike`)] : clock(each.at),
      [make("span", { class: each.status >= 500 ? "failed" : "refused" }, `${each.status} ${each.outcome}`), make("small", {}, each.reason)],
      each.rule ? ["rule ", make("code", {}, each.rule)] : each.authorization ? make("code", {}, each.authorization)
        : each.event === "policy_deny" ? "the policy's default" : each.event.replaceAll("_", " "),
      [each.intent ?? "–", each.agent ? make("small", {}, each.agent) : null],
      [each.subject ?? each.principal ?? "nobody known", make("small", {}, join([each.tenant, each.remoteAddress.replace(/:\d+$/, "")]))],
      [make("code", {}, each.requestId ?? "–"), times > 1 ? make("small", {}, "the newest") : null],
    ],
  })), "nothing was refused lately");
}

/** Runs of refusals that differ in nothing but their time are one row: a fault tells itself once. */
function alike(refusals) {
  const groups = [];
  const seen = new Map();
  for (const each of refusals) {
    const kind = JSON.stringify([each.status, each.outcome, each.reason, each.rule, each.authorization, each.intent, each.agent, each.subject ?? each.principal, each.tenant]);
    const last = groups[groups.length - 1];
    if (last?.kind === kind) { last.oldest = each; last.count += 1; continue; }
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    groups.push({ kind, key: `${kind} ${seen.get(kind)}`, newest: each, oldest: each, count: 1 });
  }
  return groups;
}

function showKeys(keys) {
  const rows = keys.issuers.map(each => ({
    key: `j ${each.issuer}`,
    cells: [
      [each.issuer, make("small", {}, `${each.keyCount} keys of an issuer${each.lastFailure ? ` · ${each.lastFailure}` : ""}`)],
      each.availability === "ready" ? state("good", "ready") : state(each.availability === "stale" ? "warn" : "bad", each.availability),
      span(each.ageSeconds),
      act("Refresh", each.issuer, { title: `Fetch the keys of ${each.issuer}?`, text: "The issuer is asked now; keys in force stay until new ones are here.", path: "jwks/refresh", body: { issuer: each.issuer }, isGentle: true }),
    ],
  }));
  (keys.emcl ?? []).forEach((each, index) => rows.push({
    key: `e ${each.id}`,
    cells: [
      [each.id, make("small", {}, `EMCL ${each.profile} · ${each.uses.join(", ")} · ${count(each.sealedMessages)} sealed`)],
      state(each.state === "active" ? "good" : "warn", each.state), span(each.ageSeconds),
      index === 0 ? act("Rotate", "the key for envelopes", { title: "Rotate the key for envelopes?", text: "Another key is made and seals when all gateways have it; older keys open for their grace.", path: "keys/rotate" }) : null,
    ],
  }));
  fill($("keys"), rows, "no keys are configured");
}

function showCertificates(certificates) {
  const kinds = { fresh: "good", half: "good", low: "warn", critical: "bad", expired: "bad" };
  fill($("certificates"), certificates.map(each => ({
    key: `${each.use} ${each.file}`, cells: [each.file, each.use, state(kinds[each.age] ?? "warn", span(each.endsInSeconds))],
  })), "no certificates are configured");
}

// MARK: acting

function act(label, object, question) {
  const button = make("button", { type: "button", disabled: !mayAct, title: mayAct ? null : "this needs a role of admin.access.administratorRoles", "aria-label": `${label} ${object}` }, label);
  button.onclick = () => ask(label, question);
  return button;
}

function ask(label, question) {
  const [dialog, yes] = [$("ask"), $("ask-yes")];
  $("ask-title").textContent = question.title;
  $("ask-text").textContent = question.text;
  $("ask-error").textContent = "";
  yes.textContent = label;
  yes.className = question.isGentle ? "" : "danger";
  yes.disabled = false;
  // An answer that comes when the question is gone belongs to no other question.
  const asked = dialog.asked = {};
  dialog.onclose = () => { dialog.asked = null; };
  yes.onclick = async () => {
    yes.disabled = true;
    const fault = await post(question.path, question.body ?? {});
    if (dialog.asked !== asked) return tell(fault ?? `Done: ${question.title.replace("?", "")}`);
    yes.disabled = false;
    if (fault) { $("ask-error").textContent = fault; return; }
    dialog.close();
    tell(`Done: ${question.title.replace("?", "")}`);
  };
  dialog.showModal();
}

/** What went wrong, in the node's own words; nothing when it was done. */
async function post(path, body) {
  try {
    const answer = await fetch(`/admin/v1/${path}`, { method: "POST", headers: { "content-type": "application/json", ...credential() }, body: JSON.stringify(body), signal: AbortSignal.timeout(15000) });
    if (answer.ok) return null;
    const said = await answer.json().catch(() => null);
    return said?.error?.message ?? `the node answered ${answer.status}`;
  } catch {
    return "the node did not answer; look whether it was done before you try again";
  }
}

let toldUntil = null;
function tell(text) {
  clearTimeout(toldUntil);
  $("told").textContent = text;
  toldUntil = setTimeout(() => { $("told").textContent = ""; }, 5000);
}

// MARK: following

const credential = () => token ? { authorization: `Bearer ${token}` } : {};

/** Longer than this a node that is well is never silent. */
const silenceMilliseconds = 5000;

/** Reads events until the stream ends. EventSource shows no token, so that the stream is read by hand. */
async function follow(stream) {
  const abort = new AbortController();
  let silence = null;
  const heard = () => { clearTimeout(silence); silence = setTimeout(() => abort.abort(), silenceMilliseconds); };
  stream.end = () => { stream.isEnded = true; abort.abort(); };
  heard();
  try {
    const answer = await fetch("/admin/v1/events", { headers: { accept: "text/event-stream", ...credential() }, cache: "no-store", signal: abort.signal });
    heard();
    if (!answer.ok) {
      const said = await answer.json().catch(() => null);
      throw { status: answer.status, message: said?.error?.message ?? `the node answered ${answer.status}` };
    }
    const [reader, decoder] = [answer.body.getReader(), new TextDecoder()];
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      text += decoder.decode(value, { stream: true });
      for (let end; (end = text.indexOf("\n\n")) >= 0;) {
        tellApart(text.slice(0, end).split("\n"));
        text = text.slice(end + 2);
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

function tellApart(lines) {
  const name = lines.find(line => line.startsWith("event: "))?.slice(7);
  const data = JSON.parse(lines.find(line => line.startsWith("data: "))?.slice(6) ?? "null");
  if (name === "caller") showCaller(data);
  if (name === "overview") show(data);
}

function showCaller(caller) {
  mayAct = caller.mayAct;
  const name = caller.subject ?? caller.principal ?? "this machine";
  $("who").textContent = join([name, caller.mayAct ? "may act" : caller.isLocal ? "may read; set admin.access to act" : "may read"]);
  $("sign-out").hidden = !token;
}

/** Follows for as long as the page is open: what cannot be reached is asked again, whoever is not known is asked who they are. */
async function run() {
  let wait = 500;
  for (;;) {
    const stream = { isEnded: false, end() { this.isEnded = true; } };
    following = stream;
    let fault = null;
    try {
      await follow(stream);
      wait = 500;
    } catch (error) {
      fault = error;
    }
    if (stream.isEnded) return;
    if (fault?.status === 401 || fault?.status === 403) return signIn(fault.message);
    if (fault) {
      document.body.classList.add("stale");
      verdict("bad", fault.status ? fault.message : "the node does not answer");
      if (shown) $("freshness").textContent = `last heard ${clock(shown.time)} UTC`;
    }
    await new Promise(done => setTimeout(done, wait));
    if (stream.isEnded) return;
    wait = Math.min(5000, wait * 2);
  }
}

function signIn(reason) {
  $("sign-in-reason").textContent = token ? reason : "This node asks for a credential.";
  if (!token && reason) $("sign-in-reason").textContent = reason;
  token = null;
  $("ask").close();
  mayAct = false;
  shown = null;
  $("board").hidden = true;
  $("sign-in").hidden = false;
  $("sign-out").hidden = true;
  $("who").textContent = $("freshness").textContent = "";
  verdict("warn", "signed out");
  $("token").focus();
}

$("token-form").addEventListener("submit", event => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  verdict("waiting", "connecting");
  run();
});
$("sign-out").addEventListener("click", () => {
  token = null;
  following?.end();
  signIn("");
});
run();
