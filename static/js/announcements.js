// Tells screen readers about the end of the viewer's own tasks: summed up, at most every 10 s.
const PAUSE = 10000; // ms between two announcements
const ENDINGS = { done: "done", attention: "needs attention", failed: "failed" };

let states = new Map(); // state by row id, as of the last look
let ended = [];
let announcedAt = -PAUSE;

// Compares the rows with those of the last look, and schedules an announcement of tasks that ended since.
export function announceEndedTasks() {
  const rows = [...document.querySelectorAll("li.row[data-own]")];
  for (const row of rows) {
    const state = row.dataset.state;
    const hasEnded = states.has(row.id) && states.get(row.id) !== state && ENDINGS[state];
    if (hasEnded) ended.push({ state, title: row.querySelector(".title").textContent });
  }
  states = new Map(rows.map((row) => [row.id, row.dataset.state]));
  if (ended.length) setTimeout(announce, Math.max(0, announcedAt + PAUSE - performance.now()));
}

function announce() {
  if (!ended.length || !document.getElementById("status") || performance.now() < announcedAt + PAUSE) return;
  const titles = titlesToName().map((task) => task.title).join(", ");
  say(counts() + (titles ? `: ${titles}` : ""));
  ended = [];
  announcedAt = performance.now();
}

// "3 tasks done, 1 failed"
function counts() {
  const count = (state) => ended.filter((task) => task.state === state).length;
  const tasks = (number) => `${number} task${number === 1 ? "" : "s"}`;
  const parts = Object.keys(ENDINGS).filter(count);
  return parts.map((state, i) => `${i ? count(state) : tasks(count(state))} ${ENDINGS[state]}`).join(", ");
}

// The first three that did not go well; a task that is done only if it stands alone.
function titlesToName() {
  const bad = ended.filter((task) => task.state !== "done");
  return bad.length ? bad.slice(0, 3) : ended.length === 1 ? ended : [];
}

// Speaks `text` through the page's one status line, without showing it.
export function say(text) {
  const status = document.getElementById("status");
  status.className = "unseen";
  status.textContent = text;
}
