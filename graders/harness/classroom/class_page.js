// Lets a table be sorted by a click on a heading. Without scripts the page lacks only that.
"use strict";
const words = new Intl.Collator(undefined, { numeric: true });
const order = (a, b) =>
  a !== "" && b !== "" && isFinite(a) && isFinite(b) ? a - b : words.compare(a, b);
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      // What has no value comes last in either order.
      const compare = (a, b) =>
        (value(a) === "") - (value(b) === "") ||
        (down ? order(value(b), value(a)) : order(value(a), value(b)));
      body.append(...[...body.rows].sort(compare));
    });
  });
}
