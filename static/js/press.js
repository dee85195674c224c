// Explains beside a button why a press failed. Pressing again is safe: the form's one-time key prevents a second start.
const SIGNED_OUT = "You were signed out. Sign in in a new tab, then go on here.";
const NO_ANSWER_TO_FORM = "Outtray did not answer. What you typed is still here. Press again: it cannot start twice.";
const NO_ANSWER = "Outtray did not answer. Press again.";
const REFUSED = "This is not possible now. Load the page again.";

// `status` is the HTTP status; 0 if no answer came.
export function explainFailedPress(form, status) {
  showNote(form, explanation(form, status));
}

function explanation(form, status) {
  if (status === 401) return SIGNED_OUT;
  if (status && status < 500) return REFUSED;
  return form.classList.contains("form") ? NO_ANSWER_TO_FORM : NO_ANSWER;
}

function showNote(form, text) {
  clearNote(form);
  const note = document.createElement("p");
  note.className = "error answer";
  note.setAttribute("role", "alert");
  note.tabIndex = -1;
  note.textContent = text;
  (form.querySelector(".end") || form).append(note);
  note.focus();
}

// Removes the note of an earlier press.
export function clearNote(form) {
  form.querySelector(".answer")?.remove();
}
