// Watches the polls of the log and of a task's page: none from a hidden tab, and a note when the server is lost.
const SIGNED_OUT = "You were signed out. Sign in in a new tab, then go on here.";
const MISSES = 3; // failed polls in a row before the page says that it is out of date

let misses = 0;
let lastAnswer = new Date();

export const isPoller = (element) => Boolean(element?.matches?.("#task-log, #task-live"));

// Cancels a timed poll while nobody sees the page. (A filter in hx-trigger would need `unsafe-eval`.)
export function skipPollWhileHidden(event) {
  if (document.hidden && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
}

export function pollAnswered() {
  misses = 0;
  lastAnswer = new Date();
  document.getElementById("live-note")?.remove();
}

// `status` is the HTTP status; 0 if no answer came.
export function pollFailed(poller, status) {
  misses += 1;
  if (status === 401) showNote(poller, SIGNED_OUT);
  else if (misses >= MISSES) showNote(poller, `Live updates stopped at ${clock(lastAnswer)}. Trying again.`);
}

const clock = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

function showNote(poller, text) {
  let note = document.getElementById("live-note");
  if (!note) {
    note = document.createElement("p");
    note.id = "live-note";
    note.className = "note warn";
    poller.before(note);
  }
  if (note.textContent !== text) note.textContent = text;
}
