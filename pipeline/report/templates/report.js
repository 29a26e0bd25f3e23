(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const nothing = document.getElementById("nothing");
  const rows = [...document.querySelectorAll("[data-severity]")].map((row) => [row, row.textContent.toLowerCase()]);
  const groups = document.querySelectorAll("[data-group]");
  const apply = () => {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const levels = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = form.querySelector("input[type=search]").value.trim().toLowerCase();
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = (boxes.length > 0 && !levels.has(row.dataset.severity)) || !text.includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-severity]:not([hidden])");
    nothing.hidden = shown > 0;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => { form.reset(); apply(); });
  apply();
})();
