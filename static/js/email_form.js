// The email form: buttons that insert a merge field, and the choice of the person whose email the preview shows.
let lastEdited = null; // the subject or the message, whichever had the focus last

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("#subject, #body")) lastEdited = event.target;
});

document.addEventListener("click", (event) => {
  const insert = event.target.closest?.("[data-insert]");
  if (insert) insertField(insert.dataset.insert);
  const look = event.target.closest?.("[data-look]");
  if (look) showPreviewFor(look.dataset.look, look.dataset.step || "");
});

// Puts `text` where the cursor was, in the message if nothing was edited yet.
function insertField(text) {
  const field = lastEdited?.isConnected ? lastEdited : document.getElementById("body");
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

// Asks for the preview of this row, or of the one `step` rows on. The preview's own request sends the whole form.
function showPreviewFor(row, step) {
  const preview = document.getElementById("preview");
  for (const [name, value] of Object.entries({ row, step, who: "" })) {
    preview.querySelector(`[name=${name}]`).value = value;
  }
  preview.dispatchEvent(new Event("look", { bubbles: true }));
}
