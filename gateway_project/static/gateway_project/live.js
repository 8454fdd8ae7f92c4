// Shows what the workers report over a socket, and asks for a request to be ended.
// Names and ids come from clients: they are only ever set as text.

const FORGET_AFTER_MS = 4000; // a worker that has said nothing for so long is gone
const RETRY_MS = 2000;

const view = document.querySelector("[data-live]");
const status = view.querySelector("[data-status]");
const rows = view.querySelector("[data-rows]");
const empty = view.querySelector("[data-empty]");
const template = view.querySelector("template");

const reports = new Map(); // by worker: {count, requests, heardAt}
let socket;

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}${view.dataset.live}`);
  socket.addEventListener("message", (event) => {
    const report = JSON.parse(event.data);
    if (report.type === "error") return; // for sockets that are not ours: buttons are hidden then
    reports.set(report.worker, { ...report, heardAt: Date.now() });
    show();
  });
  socket.addEventListener("close", () => {
    reports.clear();
    say("Not connected. Trying again…");
    setTimeout(connect, RETRY_MS);
  });
}

function show() {
  for (const [worker, report] of reports) {
    if (Date.now() - report.heardAt > FORGET_AFTER_MS) reports.delete(worker);
  }
  const requests = [...reports.values()].flatMap((report) => report.requests);
  requests.sort((a, b) => b.age_seconds - a.age_seconds);
  const known = new Map([...rows.children].map((row) => [row.dataset.id, row]));
  requests.forEach((request, position) => {
    const row = known.get(request.request_id) ?? added(request);
    known.delete(request.request_id);
    fill(row, request);
    // Only what is out of place is moved: moving a button takes its focus.
    if (rows.children[position] !== row) rows.insertBefore(row, rows.children[position] ?? null);
  });
  for (const row of known.values()) row.remove();
  const count = [...reports.values()].reduce((sum, report) => sum + report.count, 0);
  empty.hidden = count > 0;
  say(summary(count, requests.length));
}

function added(request) {
  const row = template.content.firstElementChild.cloneNode(true);
  const button = row.querySelector("[data-end]");
  row.dataset.id = request.request_id;
  if (button === null) return row; // the page is for somebody who may only watch
  button.setAttribute("aria-label", `End ${request.model} of ${request.user}`);
  button.addEventListener("click", () => {
    button.disabled = true;
    button.textContent = "Ending…";
    socket.send(JSON.stringify({ type: "end", request_id: request.request_id }));
  });
  return row;
}

function fill(row, request) {
  const values = { ...request, age: `${Math.round(request.age_seconds)} s`, tokens: request.tokens ?? "–" };
  row.title = request.request_id;
  for (const cell of row.querySelectorAll("[data-field]")) {
    const text = String(values[cell.dataset.field]);
    if (cell.textContent !== text) cell.textContent = text;
  }
}

function summary(count, shown) {
  const workers = `${reports.size} ${reports.size === 1 ? "worker" : "workers"}`;
  const requests = `${count} ${count === 1 ? "request" : "requests"} in flight`;
  return `${requests} on ${workers}${shown < count ? `, the oldest ${shown} shown` : ""}`;
}

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

connect();
