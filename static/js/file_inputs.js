// File fields: files that are dropped on them, and a check of the size before anything is uploaded.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file") return;
  input.closest(".field")?.querySelector(".error.size")?.remove();
  const limit = Number(input.dataset.maxBytes || 0); // bytes; 0: none
  if (!limit || [...input.files].every((file) => file.size <= limit)) return;
  event.stopPropagation(); // keeps htmx from sending it
  refuse(input);
}, true);

function refuse(input) {
  input.value = "";
  const note = document.createElement("p");
  note.className = "error size";
  note.setAttribute("role", "alert");
  note.textContent = input.dataset.tooLarge;
  input.closest(".field").append(note);
  input.focus();
}

for (const [name, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    const area = event.target.closest?.("[data-drop]");
    if (!area || ![...(event.dataTransfer?.types || [])].includes("Files")) return;
    event.preventDefault();
    area.classList.toggle("over", isOver);
    if (name === "drop") choose(area.querySelector("input[type=file]"), event.dataTransfer.files);
  });
}

function choose(input, files) {
  input.files = files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// Empties file fields whose files the server holds by now, so that the next press does not send them again.
export function clearSentFiles() {
  document.querySelectorAll("[data-kept] input[type=file]").forEach((input) => (input.value = ""));
}
