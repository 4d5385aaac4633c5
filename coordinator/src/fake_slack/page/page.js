// The page of the stand-in: asks for what changed twice a second, and draws it.
//
// What it draws of others goes through blocks.js, which makes no markup of text.
"use strict";

const POLL_MS = 500;
const at = (id) => document.getElementById(id);
const page = {
  state: null,
  me: localStorage.getItem("me") || "",
  channel: decodeURIComponent(location.hash.slice(1)),
  seen: {},
  thread: null,
  editing: null,
  drawn: "",
};

const names = {
  user: (id) => (page.state.users.find((user) => user.id === id) || {}).name || id,
  channel: (id) => (page.state.conversations.find((c) => c.id === id) || {}).name || id,
};

async function ask(path, body, raw) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": raw ? "application/octet-stream" : "application/json" },
    body: raw ? body : JSON.stringify(body),
  };
  const response = await fetch(path, options);
  return response.json();
}

/** Does something and says what went wrong. */
async function act(path, body, raw) {
  let answer;
  try {
    answer = await ask(path, body, raw);
  } catch {
    answer = { ok: false, error: "The stand-in does not answer." };
  }
  at("problem").hidden = answer.ok;
  if (!answer.ok) at("problem").textContent = `Not done: ${answer.error}`;
  await refresh();
  return answer;
}

async function refresh() {
  const since = page.state ? `&since=${Math.max(page.state.version, 0)}` : "";
  const state = await ask(`/ui/state?user=${encodeURIComponent(page.me)}${since}`);
  if (state.unchanged) return;
  page.state = state;
  page.me = state.me;
  draw();
}

function draw() {
  const { state } = page;
  if (!state.conversations.some((c) => c.id === page.channel)) {
    const first = state.conversations.find((c) => c.name === "general") || state.conversations[0];
    page.channel = first ? first.id : "";
  }
  at("workspace").textContent = state.workspace || "No workspace";
  const says = { nowhere: `${state.app} is not connected`, http: `${state.app} is told by HTTP`, socket: `${state.app} is told by Socket Mode` };
  at("connection").textContent = says[state.connection];
  at("connection").className = state.connection === "nowhere" ? "" : "on";
  drawPeople();
  drawSide();
  drawConversation();
  drawModal();
}

function drawPeople() {
  const people = page.state.users.filter((user) => !user.is_bot);
  fill(at("me"), people.map((user) => [user.id, user.real_name + (user.is_admin ? " (admin)" : "")]), page.me);
  const others = page.state.users.filter((user) => user.id !== page.me);
  fill(at("other"), [["", "…"], ...others.map((user) => [user.id, user.real_name + (user.is_bot ? " (app)" : "")])], "");
}

function fill(select, options, chosen) {
  const key = JSON.stringify([options, chosen]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  select.replaceChildren(...options.map(([value, label]) => {
    const option = make("option", "", label);
    option.value = value;
    option.selected = value === chosen;
    return option;
  }));
}

function titleOf(conversation) {
  if (conversation.kind === "channel" || conversation.kind === "group") return conversation.name;
  const others = conversation.members.filter((member) => member !== page.me);
  return others.map(names.user).join(", ") || names.user(page.me);
}

function lock() {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("viewBox", "0 0 16 16");
  drawn.setAttribute("aria-label", "private");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M4.5 7V5a3.5 3.5 0 0 1 7 0v2H13v7H3V7zM6 7h4V5a2 2 0 0 0-4 0z");
  drawn.append(path);
  return drawn;
}

function signOf(conversation) {
  if (conversation.kind === "channel") return "#";
  if (conversation.kind === "group") return lock();
  return "@";
}

function drawSide() {
  const byName = (one, other) => titleOf(one).localeCompare(titleOf(other));
  const channels = page.state.conversations.filter((c) => c.kind === "channel" || c.kind === "group");
  const directs = page.state.conversations.filter((c) => c.kind !== "channel" && c.kind !== "group");
  at("channels").replaceChildren(...channels.sort(byName).map(entry));
  at("directs").replaceChildren(...directs.sort(byName).map(entry));
}

function lastOf(conversation) {
  const last = conversation.messages.at(-1);
  return last ? last.ts : "";
}

function entry(conversation) {
  const here = conversation.id === page.channel;
  if (here) page.seen[conversation.id] = lastOf(conversation);
  const unread = lastOf(conversation) > (page.seen[conversation.id] || "");
  const button = make("button", "", make("span", "sign", signOf(conversation)), titleOf(conversation));
  button.type = "button";
  button.setAttribute("aria-current", String(here));
  button.addEventListener("click", () => go(conversation.id));
  return make("li", unread ? "unread" : "", button);
}

function go(channel) {
  page.channel = channel;
  page.drawn = "";
  location.hash = encodeURIComponent(channel);
  leaveContext();
  draw();
  at("text").focus();
}

function drawConversation() {
  const conversation = page.state.conversations.find((c) => c.id === page.channel);
  if (!conversation) {
    at("title").textContent = "Nothing here yet";
    return;
  }
  const sign = signOf(conversation) === "#" ? "#" : "";
  at("title").textContent = sign + titleOf(conversation);
  const external = conversation.external ? " · shared with others" : "";
  const archived = conversation.archived ? " · archived" : "";
  at("about").textContent = `${conversation.members.map(names.user).join(", ")}${external}${archived}`;
  const key = JSON.stringify([conversation, page.me, page.state.users]);
  if (key === page.drawn) return;
  page.drawn = key;
  const list = at("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(...rows(conversation));
  if (atEnd || page.scrolled !== page.channel) list.scrollTop = list.scrollHeight;
  page.scrolled = page.channel;
}

/** Messages in order, answers below what they answer, and a line for each day. */
function rows(conversation) {
  const all = conversation.messages;
  if (all.length === 0) return [make("li", "empty", "Nothing was said here yet.")];
  const isReply = (m) => m.thread_ts && m.thread_ts !== m.ts && all.some((root) => root.ts === m.thread_ts);
  const drawn = [];
  let day = "";
  for (const message of all) {
    if (isReply(message) && message.subtype !== "thread_broadcast") continue;
    const time = new Date(Number(message.ts) * 1000);
    const name = time.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
    if (name !== day) drawn.push(make("li", "day", name));
    day = name;
    drawn.push(row(conversation, message));
    const replies = all.filter((m) => isReply(m) && m.thread_ts === message.ts);
    for (const reply of replies) drawn.push(row(conversation, reply, "reply"));
  }
  return drawn;
}

function row(conversation, message, extra) {
  const gone = message.subtype === "tombstone" || message.subtype === "dlp_tombstone";
  const isBot = Boolean(message.bot_id);
  const who = message.username || (message.user === "USLACKBOT" ? "Slackbot" : message.user ? names.user(message.user) : message.bot_id) || "?";
  const time = make("time", "", new Date(Number(message.ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const marks = [];
  if (message.whispered) marks.push("only you see this");
  if (message.subtype === "thread_broadcast" && extra !== "reply") marks.push("answered in a thread");
  if (message.subtype === "dlp_tombstone") marks.push("hidden by data-loss prevention");
  const by = make("div", "by", make("b", "", who), isBot ? make("span", "app", "APP") : null, time, marks.map((mark) => make("span", "mark", mark)));
  const body = make("div", "body", by, content(conversation, message));
  const classes = ["message", extra || "", gone ? "gone" : "", message.whispered ? "whispered" : ""].join(" ");
  return make("li", classes, face(who), body, gone || message.whispered ? null : tools(conversation, message));
}

function face(name) {
  let hue = 0;
  for (const letter of name) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  const drawn = make("div", "face", name.slice(0, 1).toUpperCase());
  drawn.style.background = `hsl(${hue} 32% 48%)`;
  drawn.setAttribute("aria-hidden", "true");
  return drawn;
}

function content(conversation, message) {
  const click = (element, state, control) => used(conversation, message, element, state, control);
  const blocks = message.blocks || [];
  const drawn = blocks.length
    ? blocks.map((block) => drawBlock(block, names, click))
    : [make("div", "block", mrkdwn(message.text, names))];
  if (message.edited) drawn.push(make("span", "edited", "(edited)"));
  for (const file of message.files || []) drawn.push(drawFile(file));
  for (const attachment of message.attachments || []) {
    const inner = (attachment.blocks || []).map((block) => drawBlock(block, names, click));
    const title = attachment.title ? make("b", "", attachment.title) : null;
    const text = attachment.text || attachment.fallback || attachment.from_url || "";
    drawn.push(make("div", "attachment", title, inner.length ? inner : make("div", "", mrkdwn(text, names))));
  }
  return drawn;
}

function drawFile(file) {
  if (file.mode === "tombstone") return make("span", "file gone", file.title || "This file was deleted.");
  const kind = make("span", "kind", (file.filetype || "file").slice(0, 5));
  const size = file.size === undefined ? "shared with others" : `${file.size.toLocaleString()} bytes`;
  const external = file.is_external && /^https?:/i.test(file.external_url || "");
  const anchor = make("a", "file", kind, make("span", "", file.name || file.id, make("small", "", external ? "kept elsewhere" : size)));
  anchor.href = external ? file.external_url : `/ui/files/${encodeURIComponent(file.id)}`;
  if (!external) anchor.download = file.name || "file";
  return anchor;
}

function tools(conversation, message) {
  const tool = (label, run) => {
    const button = make("button", "", label);
    button.type = "button";
    button.addEventListener("click", run);
    return button;
  };
  const all = [tool("Reply", () => enterThread(message))];
  if (message.user === page.me) {
    all.push(tool("Edit", () => enterEdit(message)));
    all.push(tool("Delete", () => act("/ui/delete", { channel: conversation.id, ts: message.ts })));
  }
  return make("div", "tools", all);
}

async function used(conversation, message, element, state, control) {
  control.disabled = true;
  const inputs = readInputs(at("messages"));
  const body = { user: page.me, channel: conversation.id, ts: message.ts, action_id: element.action_id, state: { ...inputs, ...state } };
  await act("/ui/click", body);
  control.disabled = false;
}

function showContext(text, hasBroadcast) {
  at("context").hidden = false;
  at("context-text").textContent = text;
  at("broadcast-row").hidden = !hasBroadcast;
  at("text").focus();
}

function enterThread(message) {
  leaveContext();
  page.thread = message.thread_ts || message.ts;
  showContext(`Answering ${message.user ? names.user(message.user) : "a message"} in a thread.`, true);
}

function enterEdit(message) {
  leaveContext();
  page.editing = message.ts;
  at("text").value = plainOf(message);
  showContext("Editing your message.", false);
}

/** What was typed: links without what Slack made around them. */
function plainOf(message) {
  const bare = (inside) => /^[@#!]/.test(inside) ? `<${inside}>` : inside.split("|").at(-1);
  return message.text.replace(/<([^<>]+)>/g, (_, inside) => bare(inside))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function leaveContext() {
  if (page.editing) at("text").value = "";
  page.thread = null;
  page.editing = null;
  at("context").hidden = true;
  at("broadcast-row").hidden = true;
  at("broadcast").checked = false;
}

function detach() {
  at("file").value = "";
  at("attached").hidden = true;
}

async function send() {
  const text = at("text").value.trim();
  const file = at("file").files[0];
  if (!text && !file) return;
  let answer;
  if (page.editing) {
    answer = await act("/ui/edit", { channel: page.channel, ts: page.editing, text });
  } else if (file) {
    const query = new URLSearchParams({ user: page.me, channel: page.channel, name: file.name, text });
    if (page.thread) query.set("thread_ts", page.thread);
    answer = await act(`/ui/upload?${query}`, file, true);
  } else {
    const body = { user: page.me, channel: page.channel, text, thread_ts: page.thread, broadcast: at("broadcast").checked };
    answer = await act("/ui/say", body);
  }
  if (!answer.ok) return;
  at("text").value = "";
  detach();
  leaveContext();
  at("messages").scrollTop = at("messages").scrollHeight;
}

/** The last modal that was opened for this person. */
function drawModal() {
  const modal = at("modal");
  const opened = page.state.views.at(-1);
  if (!opened) {
    if (modal.open) modal.close();
    modal.dataset.id = "";
    return;
  }
  if (modal.dataset.id === opened.id) return;
  modal.dataset.id = opened.id;
  const { view } = opened;
  const blocks = (view.blocks || []).map((block) => drawBlock(block, names, () => {}));
  const cancel = make("button", "", view.close ? view.close.text : "Close");
  cancel.addEventListener("click", () => act("/ui/close", { view: opened.id }));
  const submit = view.submit ? make("button", "primary", view.submit.text) : null;
  if (submit) submit.addEventListener("click", () => submitModal(modal, opened.id));
  modal.replaceChildren(make("h3", "", view.title ? view.title.text : ""), ...blocks, make("div", "ends", cancel, submit));
  if (!modal.open) modal.showModal();
}

async function submitModal(modal, view) {
  for (const old of modal.querySelectorAll(".wrong")) old.remove();
  const answer = await act("/ui/submit", { view, state: readInputs(modal) });
  let said = {};
  try {
    said = JSON.parse(answer.result || "{}");
  } catch {
    said = {};
  }
  for (const node of modal.querySelectorAll(".block.input")) {
    const wrong = (said.errors || {})[node.input.block.block_id];
    if (wrong) node.append(make("div", "wrong", wrong));
  }
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
  if (event.key === "Escape") leaveContext();
});
at("cancel").addEventListener("click", leaveContext);
at("detach").addEventListener("click", detach);
at("file").addEventListener("change", () => {
  const file = at("file").files[0];
  at("attached").hidden = !file;
  if (file) at("attached-name").textContent = `${file.name}, ${file.size.toLocaleString()} bytes`;
});
at("me").addEventListener("change", () => {
  page.me = at("me").value;
  localStorage.setItem("me", page.me);
  page.state = null;
  page.drawn = "";
  leaveContext();
  refresh();
});
at("other").addEventListener("change", async () => {
  const other = at("other").value;
  at("other").value = "";
  if (!other) return;
  const answer = await act("/ui/open", { user: page.me, other });
  if (answer.ok) go(answer.result);
});
at("modal").addEventListener("cancel", (event) => event.preventDefault());
window.addEventListener("hashchange", () => {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted !== page.channel && page.state) go(wanted);
});

async function poll() {
  try {
    await refresh();
  } catch {
    at("connection").textContent = "The stand-in does not answer";
    at("connection").className = "";
    page.state = page.state && { ...page.state, version: -1 };
  }
  setTimeout(poll, POLL_MS);
}
poll();
