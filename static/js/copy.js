// Buttons that copy a link or a token. They are hidden until scripts run.
import { say } from "./announcements.js";

const COPIED = 2000; // ms that the button says "Copied"

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button && (await copy(document.getElementById(button.dataset.copy)))) confirm(button);
});

// Returns whether the text is on the clipboard.
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    return true;
  } catch { // plain http has no clipboard; the selection stays, so that Ctrl+C works
    source.select ? source.select() : getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

function confirm(button) {
  say("Copied");
  const label = button.lastChild;
  button.dataset.label ??= label.textContent;
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = button.dataset.label), COPIED);
}

// Shows the buttons. Without scripts the text itself has the focus; with them the button takes it.
export function revealCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) {
    const source = document.getElementById(button.dataset.copy);
    button.hidden = false;
    if (!source.autofocus) continue;
    source.select?.();
    button.focus();
  }
}
