"use strict";

const order = new Intl.Collator("en", { numeric: true });

function value(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = text.replaceAll(",", "");
  return /^-?\d+$/.test(number) ? number : text;
}

function sort(table, column, button) {
  const head = button.closest("th");
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => [value(row, column), row]);
  rows.sort(([a], [b]) => (!a || !b ? !a - !b : down ? order.compare(b, a) : order.compare(a, b)));
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table")) {
  // Cells that a narrow screen lays out as blocks stay cells for who hears the page.
  table.setAttribute("role", "table");
  for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    for (const cell of row.cells) {
      cell.setAttribute("role", cell.scope === "col" ? "columnheader" : cell.scope ? "rowheader" : "cell");
    }
  }
  for (const head of table.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head.cellIndex, button));
    head.append(button);
  }
}

const tables = Array.from(document.querySelectorAll("table"), (table) => ({
  rows: Array.from(table.tBodies[0].rows, (row) => [row, row.textContent.toLowerCase()]),
  details: table.closest("details"),
  open: null,
}));
const box = document.querySelector(".search");
const input = box.querySelector("input");
const said = box.querySelector("output");

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let all = 0;
  let found = 0;
  for (const table of tables) {
    let here = 0;
    for (const [row, text] of table.rows) {
      row.hidden = !words.every((word) => text.includes(word));
      here += !row.hidden;
    }
    all += table.rows.length;
    found += here;
    if (!table.details) continue;
    if (table.open === null) table.open = table.details.open;
    table.details.open = words.length ? here > 0 : table.open;
    if (!words.length) table.open = null;
  }
  said.textContent = words.length ? `${found.toLocaleString("en")} of ${all.toLocaleString("en")} rows` : "";
}

input.addEventListener("input", search);
box.hidden = false;
if (input.value) search();
