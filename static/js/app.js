// Starts the live parts of a page and passes htmx's events to them, in order. Every page works without scripts.
import { announceEndedTasks } from "./announcements.js";
import { revealCopyButtons } from "./copy.js";
import "./email_form.js";
import { clearSentFiles } from "./file_inputs.js";
import { focusStart, rememberFocus, restoreFocus } from "./focus.js";
import { isPoller, pollAnswered, pollFailed, skipPollWhileHidden } from "./polling.js";
import { clearNote, explainFailedPress } from "./press.js";
import { keepSearchInAddress } from "./search.js";
import { markRefusedForm } from "./tab_title.js";
import { chooseTimeZone, drawTimes } from "./times.js";

const SHOWN_ERRORS = [422, 413]; // the form in the answer explains these

document.addEventListener("htmx:config:request", (event) => {
  skipPollWhileHidden(event);
  const { sourceElement } = event.detail.ctx;
  if (sourceElement.matches?.("[data-press]")) clearNote(sourceElement);
});

document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (response.status >= 400) return;
  if (isPoller(sourceElement)) pollAnswered();
  keepSearchInAddress(sourceElement);
});

document.addEventListener("htmx:response:error", (event) => requestFailed(event.detail.ctx));
document.addEventListener("htmx:error", (event) => event.detail.ctx && requestFailed(event.detail.ctx));

function requestFailed({ sourceElement, response }) {
  const status = response?.status || 0; // 0: no answer
  if (isPoller(sourceElement)) return pollFailed(sourceElement, status);
  if (SHOWN_ERRORS.includes(status)) return;
  const pressed = sourceElement.closest?.("[data-press]");
  if (pressed) explainFailedPress(pressed, status);
}

document.addEventListener("htmx:before:swap", rememberFocus);

document.addEventListener("htmx:after:swap", (event) => {
  const { target, response } = event.detail.ctx ?? {};
  const status = response?.status;
  // htmx sends this event even where it swapped nothing.
  if (status === 204 || (status >= 400 && !SHOWN_ERRORS.includes(status))) return;
  drawTimes();
  clearSentFiles();
  // A morph keeps what was typed; these forms show what the server says.
  document.querySelectorAll("form[data-anew]").forEach((form) => form.reset());
  if (target?.isConnected) restoreFocus(target);
  if (target?.matches?.("form") || target?.querySelector?.("form.form")) markRefusedForm();
  announceEndedTasks();
  revealCopyButtons();
});

document.documentElement.dataset.scripts = "";
drawTimes();
setInterval(drawTimes, 1000);
announceEndedTasks();
revealCopyButtons();
chooseTimeZone();
focusStart();
