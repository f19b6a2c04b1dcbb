"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const [head, body] = [find("table").tHead, find("table").tBodies[0]];
  const PAGE = 100, PRINTED = 1000, ALL = "", REVIEW = "review";
  const state = { status: ALL, words: [], sort: -1, down: false, page: 0 };
  let rows = [];
  let blank = data.columns.map(() => false);

  // A column has values, or a list of its distinct values and a code for each row (-1: missing).
  const value = (column, row) => column.codes ? (column.codes[row] < 0 ? "" : column.list[column.codes[row]]) : column.values[row];
  const formats = new Map();
  const count = new Intl.NumberFormat("en");

  // An amount has the decimals of its currency: of "USD/EUR" the first is TikTok's, the last is Shopify's.
  function decimals(column, row) {
    if (column.currency === undefined) return 2;
    const parts = String(value(data.columns[column.currency], row)).split("/").map((part) => part.trim()).filter(Boolean);
    const places = data.decimals[column.side === "Shopify" ? parts[parts.length - 1] : parts[0]];
    return places === undefined ? 2 : places;
  }
  function money(column, row) {
    const places = decimals(column, row);
    if (!formats.has(places)) formats.set(places, new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: 6 }));
    return formats.get(places).format(value(column, row)).replace("-", "\u2212");
  }
  const isNumber = (column) => column.kind === "money" || column.kind === "count";
  const flags = { True: "yes", False: "no" };

  function text(column, row) {
    const held = value(column, row);
    if (held === null || held === undefined || held === "") return "";
    if (column.kind === "money") return money(column, row);
    if (column.kind === "time" || column.kind === "utc") return held.replace("T", " ");
    return column.kind === "flag" ? flags[held] || held : held;
  }
  // The table has words where the data have codes: "Month end", "Platform discount + Taxes".
  const label = (code) => data.labels[code] || code;
  const worded = (column, row) => ["reason", "matched_on"].includes(column.name)
    ? text(column, row).split("; ").map((cause) => cause.split(" + ").map(label).join(" + ")).join("; ") : text(column, row);

  const codes = data.columns[data.status].codes;
  const counts = data.statuses.map(() => 0);
  for (const code of codes) if (code >= 0) counts[code] += 1;

  // Search: every row's text in lower case, made at the first search.
  let haystack = null;
  function makeHaystack() {
    const lists = data.columns.map((column) => column.list && column.list.map((held) => String(held).toLowerCase()));
    haystack = new Array(data.count);
    for (let row = 0; row < data.count; row += 1) {
      let line = "";
      data.columns.forEach((column, at) => {
        if (lists[at]) line += column.codes[row] < 0 ? "\n" : lists[at][column.codes[row]] + "\n";
        else if (column.values[row] !== null) line += (column.kind === "money" ? column.values[row].toFixed(decimals(column, row)) + "\n" + money(column, row) : column.values[row].toLowerCase()) + "\n";
      });
      line += worded(data.columns[place.get("reason")], row).toLowerCase() + "\n";
      haystack[row] = line + (codes[row] < 0 ? "" : data.statuses[codes[row]].label.toLowerCase());
    }
  }

  function fits(row) {
    const code = codes[row];
    if (state.status === REVIEW && !(code >= 0 && data.statuses[code].review)) return false;
    if (state.status !== ALL && state.status !== REVIEW && code !== Number(state.status)) return false;
    return state.words.every((word) => haystack[row].includes(word));
  }

  // Sort: ranks of the distinct values, made once per column; digits compare as numbers of any length.
  const ranks = new Map();
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const digits = /^[0-9]+$/;
  function byText(a, b) {
    if (digits.test(a) && digits.test(b)) return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
    return collator.compare(a, b);
  }
  function rank(place) {
    if (ranks.has(place)) return ranks.get(place);
    const column = data.columns[place];
    let made;
    if (place === data.status) made = column.codes.map((code) => code < 0 ? null : code);
    else if (column.kind === "money") made = column.values;
    else {
      const all = Array.from({ length: data.count }, (_, row) => value(column, row));
      const order = new Map([...new Set(all)].filter((held) => held !== "" && held !== null)
        .sort(isNumber(column) ? (a, b) => a - b : byText).map((held, number) => [held, number]));
      made = all.map((held) => order.has(held) ? order.get(held) : null);
    }
    ranks.set(place, made);
    return made;
  }

  function choose() {
    if (state.words.length && !haystack) makeHaystack();
    rows = [];
    for (let row = 0; row < data.count; row += 1) if (fits(row)) rows.push(row);
    if (state.sort >= 0) {
      const key = rank(state.sort), sign = state.down ? -1 : 1;
      rows.sort((a, b) => key[a] === null || key[b] === null
        ? (key[a] === null) - (key[b] === null) || a - b
        : sign * (key[a] - key[b]) || a - b);
    }
    // A column that is blank on all these rows takes no room.
    blank = data.columns.map((column, place) => place > 0 && rows.length > 0 && rows.every((row) => {
      const held = value(column, row);
      return held === "" || held === null;
    }));
    state.page = 0;
    show();
  }

  function cell(column, place, row) {
    const box = document.createElement("td");
    const shown = worded(column, row);
    box.dataset.label = column.label;
    box.classList.toggle("unprinted", !column.printed);
    box.hidden = blank[place];
    if (place === data.status) {
      box.classList.add("state");
      if (codes[row] < 0) return box;
      const pill = document.createElement("span");
      pill.className = "pill s" + codes[row];
      pill.textContent = data.statuses[codes[row]].label;
      box.append(pill);
      return box;
    }
    if (isNumber(column)) box.classList.add("num");
    if (column.kind === "money" && value(column, row) < 0) box.classList.add("minus");
    if (column.kind === "id") box.classList.add("id");
    if (shown.length > 40) { box.classList.add("wide"); box.title = shown; }
    box.textContent = shown;
    return box;
  }

  // One order explained: a click on its row, or Enter.
  const place = new Map(data.columns.map((column, at) => [column.name, at]));
  const held = (name, row) => value(data.columns[place.get(name)], row) || "";
  const words = (row) => held("reason", row).split("; ").flatMap((cause) => cause.split(" + ")).filter(Boolean);
  function element(name, shown, className) {
    const made = document.createElement(name);
    made.textContent = shown;
    if (className) made.className = className;
    return made;
  }
  function table(lines, className) {
    const made = element("table", "", className);
    for (const cells of lines) {
      const line = made.insertRow();
      cells.forEach((shown) => line.append(element("td", shown)));
    }
    return made;
  }
  function advice(row) {
    const status = data.statuses[codes[row]], reasons = status.several ? [] : words(row).filter((word) => data.advice[word]);
    return status.review ? data.advice[reasons[0] || status.name] || "" : "";
  }
  function sums(row) {
    const column = data.columns[place.get("difference")], difference = value(column, row);
    if (!difference) return [];
    const amount = (number) => (number > 0 ? "+" : "") + number.toFixed(decimals(column, row)).replace("-", "\u2212");
    const parts = data.parts[row] || [];
    const rest = parts.reduce((left, part) => left - part[1], difference);
    const open = Math.abs(rest) < 0.5 / 10 ** decimals(column, row) ? [] : [["Not explained", amount(rest)]];
    return [["TikTok amount", text(data.columns[place.get("tiktok_amount")], row)],
      ...parts.map((part) => [part[0], amount(part[1])]), ...open,
      ["Shopify total", text(data.columns[place.get("shopify_total")], row)]];
  }
  function explain(row) {
    const status = data.statuses[codes[row]], box = find("explained"), side = (at) => at < 0 ? "" : text(data.columns[at], row);
    const lines = [["", "TikTok", "Shopify"], ...data.sides.map(([label, left, right]) => [label, side(left), side(right)])];
    box.replaceChildren(element("h2", held("order_id", row) || held("shopify_name", row)), element("p", status.label + ": " + status.meaning),
      table(lines.filter((line) => line[1] || line[2]), "sides"), table(sums(row), "sums"));
    if (held("evidence", row)) box.append(element("p", "Named by: " + held("evidence", row)));
    words(row).forEach((word) => box.append(element("p", "Cause: " + label(word) + (data.meanings[word] ? " (" + data.meanings[word] + ")" : ""))));
    if (advice(row)) box.append(element("p", "What to do: " + advice(row), "advice"));
    find("order").showModal();
  }
  find("order").addEventListener("click", (event) => { if (event.target === find("order")) find("order").close(); });

  function fill(from, to) {
    const lines = document.createDocumentFragment();
    for (const row of rows.slice(from, to)) {
      const line = document.createElement("tr");
      line.tabIndex = 0;
      line.addEventListener("click", () => { if (getSelection().isCollapsed) explain(row); });
      line.addEventListener("keydown", (event) => { if (event.key === "Enter") explain(row); });
      data.shown.forEach((place) => line.append(cell(data.columns[place], place, row)));
      lines.append(line);
    }
    body.replaceChildren(lines);
  }

  function show() {
    const pages = Math.max(Math.ceil(rows.length / PAGE), 1);
    const from = state.page * PAGE, to = Math.min(from + PAGE, rows.length);
    fill(from, to);
    find("none").hidden = rows.length > 0;
    find("shown").textContent = (rows.length === data.count ? "" : count.format(rows.length) + " of ")
      + count.format(data.count) + (data.count === 1 ? " row" : " rows");
    find("page").textContent = rows.length ? count.format(from + 1) + "\u2013" + count.format(to) + " of " + count.format(rows.length) : "";
    find("previous").disabled = state.page === 0;
    find("next").disabled = state.page >= pages - 1;
    document.querySelector(".pages").hidden = pages === 1;
    find("download").disabled = find("ticket").disabled = rows.length === 0;
    find("scroll").scrollTop = 0;
    find("filter").value = state.status;
    find("sort").value = state.sort < 0 ? "" : state.sort + (state.down ? "-" : "+");
    document.querySelectorAll(".tile").forEach((tile) => tile.setAttribute("aria-pressed", String(tile.dataset.status === state.status)));
    [...head.rows[0].cells].forEach((box, at) => {
      const place = data.shown[at];
      box.hidden = blank[place];
      box.setAttribute("aria-sort", place !== state.sort ? "none" : state.down ? "descending" : "ascending");
    });
  }

  function option(select, name, shown) {
    const made = document.createElement("option");
    made.value = name;
    made.textContent = shown;
    select.append(made);
  }

  function build() {
    const line = head.insertRow();
    data.shown.forEach((place) => {
      const column = data.columns[place], box = document.createElement("th"), button = document.createElement("button");
      box.scope = "col";
      box.title = column.meaning;
      if (isNumber(column)) box.classList.add("num");
      box.classList.toggle("unprinted", !column.printed);
      button.type = "button";
      button.textContent = column.label;
      button.addEventListener("click", () => {
        if (state.sort !== place) Object.assign(state, { sort: place, down: false });
        else if (!state.down) state.down = true;
        else Object.assign(state, { sort: -1, down: false });
        choose();
      });
      box.append(button);
      line.append(box);
      option(find("sort"), place + "+", column.label + " \u2191");
      option(find("sort"), place + "-", column.label + " \u2193");
    });
    find("sort").prepend(new Option("As in the files", ""));
    const exceptions = data.statuses.reduce((sum, status, code) => sum + (status.review ? counts[code] : 0), 0);
    option(find("filter"), ALL, "All statuses (" + count.format(data.count) + ")");
    option(find("filter"), REVIEW, "Needs review (" + count.format(exceptions) + ")");
    data.statuses.forEach((status, code) => { if (counts[code]) option(find("filter"), String(code), status.label + " (" + count.format(counts[code]) + ")"); });
    find("orders").hidden = false;
  }

  function pick(status) {
    state.status = status;
    choose();
  }

  let waiting = 0;
  find("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      state.words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      choose();
    }, 120);
  });
  find("filter").addEventListener("change", () => pick(find("filter").value));
  find("sort").addEventListener("change", () => {
    const chosen = find("sort").value;
    Object.assign(state, { sort: chosen ? parseInt(chosen, 10) : -1, down: chosen.endsWith("-") });
    choose();
  });
  find("clear").addEventListener("click", () => {
    find("search").value = "";
    state.words = [];
    pick(ALL);
    find("search").focus();
  });
  document.querySelectorAll(".tile").forEach((tile) => tile.addEventListener("click", () => {
    pick(state.status === tile.dataset.status ? ALL : tile.dataset.status);
    find("orders").scrollIntoView({ block: "start" });
  }));
  function turn(pages) {
    state.page += pages;
    show();
    find("orders").scrollIntoView({ block: "start" });
  }
  find("previous").addEventListener("click", () => turn(-1));
  find("next").addEventListener("click", () => turn(1));

  // On paper: the totals before what needs review, nothing folded, and the rows that fit the filter, as many
  // as anyone would read.
  const review = document.getElementById("review");
  const folded = document.querySelectorAll("details:not([open])");
  const paper = (printed) => {
    if (review && printed) find("pair").after(review);
    if (review && !printed) find("tiles").before(review);
    for (const part of folded) part.open = printed;
  };
  addEventListener("beforeprint", () => {
    paper(true);
    fill(0, PRINTED);
    const first = "the first " + count.format(PRINTED) + " of " + count.format(rows.length);
    if (rows.length > PRINTED) find("shown").textContent = first;
  });
  addEventListener("afterprint", () => {
    paper(false);
    show();
  });

  // Copying cells into a spreadsheet: say that ids are text, so that no digit is lost.
  find("table").addEventListener("copy", (event) => {
    const picked = getSelection();
    if (!picked.rangeCount || !event.clipboardData) return;
    const box = document.createElement("table");
    box.append(picked.getRangeAt(0).cloneContents());
    const ids = box.querySelectorAll("td.id");
    if (!ids.length) return;
    ids.forEach((id) => id.setAttribute("style", "mso-number-format:'\\@'"));
    event.clipboardData.setData("text/html", box.outerHTML);
    event.clipboardData.setData("text/plain", picked.toString());
    event.preventDefault();
  });

  // The rows shown, as CSV, as ttsframe's own files with ids="excel": ids as ="…", of which a spreadsheet
  // keeps every digit, and an apostrophe before text that it would run.
  const formula = /^[\s"\u201c\u201d\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]/;
  const afterSemicolon = /(;[\s"'\u201c\u201d\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])/g;
  function csvCell(column, row) {
    const held = value(column, row);
    if (held === null || held === undefined) return "";
    if (column.kind === "money") {
      const amount = held.toFixed(decimals(column, row));
      return amount * 1 === held ? amount : String(held);
    }
    if (isNumber(column)) return held;
    if (column.kind === "id" && digits.test(held)) return '"=""' + held + '"""';
    const line = String(held).replace(afterSemicolon, (_, lead) => lead.replace(/'+$/, "") + "'");
    const safe = formula.test(line) ? "'" + line : line;
    return /[",]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }
  find("download").addEventListener("click", () => {
    const lines = [data.columns.map((column) => column.name).join(",")];
    for (const row of rows) lines.push(data.columns.map((column) => csvCell(column, row)).join(","));
    const name = state.status === ALL || state.status === REVIEW ? "orders" : data.statuses[Number(state.status)].name;
    save("\ufeff" + lines.join("\n") + "\n", name + ".csv", "text/csv");
  });
  function save(content, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // A text for the support of TikTok or of the connector about the rows shown: ids, states, times and amounts.
  find("ticket").addEventListener("click", () => {
    const first = rows.slice(0, data.ticket.most), status = rows.length && codes.length ? data.statuses[codes[rows[0]]].name : "";
    const same = rows.every((row) => codes[row] === codes[rows[0]]);
    const [noun, phrase, question] = (same && data.ticket.subjects[status]) || data.ticket.otherwise;
    const columns = data.ticket.heads.map(([name, shown]) => [data.columns[place.get(name)], shown])
      .filter(([column]) => first.some((row) => text(column, row)));
    const lines = [columns.map(([, shown]) => shown), ...first.map((row) => columns.map(([column]) => text(column, row)))];
    const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at].length)));
    const head = "Subject: " + count.format(rows.length) + " " + noun + (rows.length === 1 ? "" : "s") + " " + phrase;
    const told = lines.map((line) => "  " + line.map((shown, at) => shown.padEnd(widths[at])).join("  ").trimEnd());
    if (rows.length > first.length) told.push("  and " + count.format(rows.length - first.length) + " more, which we can send as a file");
    save([head, "", question, "", ...told].join("\n") + "\n", "ticket.txt", "text/plain");
  });

  const themes = ["auto", "light", "dark"];
  const theme = find("theme");
  function dress(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = "Theme: " + name;
  }
  const remember = (name) => { try { localStorage.setItem("ttsframe-theme", name); } catch { /* a page without storage */ } };
  const remembered = () => { try { return localStorage.getItem("ttsframe-theme"); } catch { return null; } };
  dress(themes.includes(remembered()) ? remembered() : "auto");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % themes.length];
    dress(next);
    remember(next);
  });

  build();
  choose();
})();
