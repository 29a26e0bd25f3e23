(() => {
  // the boxes filter by style sheet alone; here: the search, empty groups, pictures that are not there
  for (const picture of document.querySelectorAll(".crop img"))
    picture.addEventListener("error", () => { picture.closest(".crop").hidden = true; });
  const form = document.getElementById("filter");
  if (!form) return;
  const nothing = document.getElementById("nothing");
  const search = form.querySelector("input[type=search]");
  const rows = [...document.querySelectorAll("[data-issue]")].map((row) => [row, row.textContent.toLowerCase()]);
  const groups = [...document.querySelectorAll("[data-s]")];
  const off = (attribute) => new Set(
    [...form.querySelectorAll("[type=checkbox]:not(:checked)")].map((box) => `${attribute}${box.value}`));
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const [severities, statuses, categories] = [off("s"), off("t"), off("k")];
    const shown = new Map(groups.map((group) => [group, severities.has(`s${group.dataset.s}`) ? -Infinity : 0]));
    for (const [row, text] of rows) {
      row.hidden = !text.includes(wanted);
      const { t, k } = row.dataset;
      const group = row.closest("[data-s]");
      if (!row.hidden && !statuses.has(`t${t}`) && !categories.has(`k${k}`)) shown.set(group, shown.get(group) + 1);
    }
    for (const [group, count] of shown) group.hidden = count <= 0;
    nothing.hidden = [...shown.values()].some((count) => count > 0);
  };
  form.hidden = search.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => { form.reset(); apply(); });
  apply();
})();
