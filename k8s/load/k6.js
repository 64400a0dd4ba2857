// The same load for those who use k6: k6 run -e GATEWAY=https://… -e TOKEN=… -e CERT=tls.crt -e KEY=tls.key k8s/load/k6.js
// constant-arrival-rate keeps the schedule whatever the answers do, as long as there are virtual users left: dropped_iterations must be 0.
import http from "k6/http";
import { check } from "k6";
import { Counter } from "k6/metrics";

const gateway = __ENV.GATEWAY || "https://gateway.intentusnet.svc:8080";
const rate = parseInt(__ENV.RATE || "1000");
const outcomes = new Counter("intent_outcomes");

export const options = {
  discardResponseBodies: false,
  tlsAuth: __ENV.CERT ? [{ cert: open(__ENV.CERT), key: open(__ENV.KEY) }] : [],
  scenarios: {
    intents: {
      executor: "constant-arrival-rate",
      rate: rate,
      timeUnit: "1s",
      duration: __ENV.DURATION || "60s",
      preAllocatedVUs: Math.max(50, Math.ceil(rate / 10)),
      maxVUs: rate * 2,
    },
  },
  thresholds: {
    http_req_duration: ["p(99)<50"],
    checks: ["rate>0.999"],
    dropped_iterations: ["count==0"],
  },
};

export default function () {
  const now = new Date().toISOString();
  const envelope = {
    version: "1.0",
    intent: { name: __ENV.INTENT || "SummarizeIntent", version: "1.0" },
    payload: { text: "hello" },
    context: { sourceAgent: "k6", timestamp: now },
    metadata: { requestId: `k6-${__VU}-${__ITER}`, source: "k6", createdAt: now },
  };
  const headers = { "content-type": "application/json" };
  if (__ENV.TOKEN) headers.authorization = `Bearer ${__ENV.TOKEN}`;
  const answer = http.post(`${gateway}/api/v1/intent`, JSON.stringify(envelope), { headers });
  let code = "none";
  try {
    const error = answer.json("error");
    code = error ? error.code : "success";
  } catch {
    // Not JSON: something in front of the gateway answered.
  }
  outcomes.add(1, { status: String(answer.status), code });
  check(answer, { answered: (one) => one.status === 200 });
}
