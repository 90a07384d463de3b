/** The page: takes a text or a file, shows its functions, and lets the reader filter, correct and export. */

import { info, outline, ServiceError } from "./client.js";
import { download } from "./exports.js";
import { drawShares, isDoubtful, make, outlineList, paragraphItem, scoresPanel } from "./speech.js";
import { isEnglish, labelName, switchLanguage, translatePage, words } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const labels = new Map();
/** The speech shown, its source (to ask again for sentences), and what the reader has chosen. */
let speech = null;
let source = null;
const view = { hidden: new Set(), search: "", doubtful: false, sentences: false, selected: null };

function say(text) {
  $("#status").textContent = text;
}

function complain(error) {
  if (!(error instanceof ServiceError)) console.error(error);
  $("#problem").textContent = error.message;
  $("#problem").hidden = false;
  say("");
}

/** Run something that may fail; the reader sees why. */
async function attempt(action) {
  $("#problem").hidden = true;
  try {
    await action();
  } catch (error) {
    complain(error);
  }
}

async function loadLabels() {
  if (!labels.size) for (const label of (await info()).labels) labels.set(label.id, label);
}

async function analyse(asked) {
  say(words("working"));
  document.body.classList.add("busy");
  try {
    await loadLabels();
    const started = performance.now();
    const answer = await outline({ ...asked, sentences: view.sentences });
    const corrected = source === asked && speech ? speech.paragraphs.filter((p) => p.corrected) : [];
    source = asked;
    const name = asked.file ? asked.file.name.replace(/\.[^.]*$/, "") : "zhangfa";
    const id = `${name.replace(/\s+/g, "-")}-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}`;
    for (const p of answer.paragraphs) Object.assign(p, { corrected: false, predicted: p.label });
    for (const p of corrected) Object.assign(answer.paragraphs[p.index], { label: p.label, corrected: true });
    speech = { ...answer, id, name, labels };
    const characters = speech.paragraphs.reduce((n, p) => n + p.end - p.start, 0);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    show();
    say(words("done", { n: speech.paragraphs.length, characters: characters.toLocaleString(), seconds }));
  } finally {
    document.body.classList.remove("busy");
  }
}

function show() {
  $("#entry").hidden = true;
  $("#result").hidden = $("#again").hidden = false;
  $("#outline").replaceChildren(outlineList(speech));
  $("#speech").replaceChildren(...speech.paragraphs.map((p) => paragraphItem(p, labels, view.sentences)));
  drawShares($("#shares"), speech);
  drawFilters();
  applyFilters();
  if (view.selected !== null) select(view.selected, false);
}

function drawFilters() {
  const counts = new Map();
  for (const p of speech.paragraphs) counts.set(p.label, (counts.get(p.label) ?? 0) + 1);
  const buttons = [...labels.values()]
    .filter((label) => counts.has(label.id))
    .map((label) => {
      const button = make("button", `filter label-${label.id}`);
      button.append(make("span", "", labelName(label)), make("span", "number", String(counts.get(label.id))));
      Object.assign(button, { type: "button", title: label.definition });
      button.dataset.label = label.id;
      button.setAttribute("aria-pressed", !view.hidden.has(label.id));
      return button;
    });
  $("#filters").replaceChildren(...buttons);
}

/** One click shows a single function; a click on the only one shown brings all back; Ctrl or Shift adds and removes. */
function filterBy(label, several) {
  const all = [...$("#filters").children].map((button) => button.dataset.label);
  if (several) view.hidden.has(label) ? view.hidden.delete(label) : view.hidden.add(label);
  else if (all.every((other) => (other === label) !== view.hidden.has(other))) view.hidden.clear();
  else view.hidden = new Set(all.filter((other) => other !== label));
  for (const button of $("#filters").children) button.setAttribute("aria-pressed", !view.hidden.has(button.dataset.label));
  applyFilters();
}

function applyFilters() {
  const wanted = view.search.trim().toLowerCase();
  let shown = 0;
  for (const p of speech.paragraphs) {
    const visible =
      !view.hidden.has(p.label) &&
      (!view.doubtful || isDoubtful(p)) &&
      (!wanted || p.text.replace(/[\r\n]+/g, "").toLowerCase().includes(wanted));
    $(`#paragraph-${p.index}`).hidden = !visible;
    shown += visible;
  }
  $("#count").textContent = words("shown", { shown, n: speech.paragraphs.length });
}

function select(index, scroll = true) {
  view.selected = index;
  for (const other of document.querySelectorAll(".paragraph.selected")) other.classList.remove("selected");
  $("#scores").hidden = index === null;
  if (index === null) return;
  const item = $(`#paragraph-${index}`);
  item.classList.add("selected");
  if (scroll) {
    item.scrollIntoView({ block: "nearest" });
    item.querySelector(".tag").focus({ preventScroll: true });
  }
  const onCorrect = (label) => correct(index, label);
  $("#scores").replaceChildren(...scoresPanel(speech.paragraphs[index], labels, onCorrect, () => select(null)));
}

function correct(index, label) {
  const paragraph = speech.paragraphs[index];
  paragraph.label = label ?? paragraph.predicted;
  paragraph.corrected = label !== null;
  speech.exported = false;
  $(`#paragraph-${index}`).replaceWith(paragraphItem(paragraph, labels, view.sentences));
  drawShares($("#shares"), speech);
  drawFilters();
  applyFilters();
  select(index, false);
  $("#correction").focus();
}

function move(step, wanted = () => true) {
  const items = [...document.querySelectorAll(".paragraph:not([hidden])")].filter(wanted);
  if (!items.length) return;
  const at = items.findIndex((item) => Number(item.dataset.index) >= (view.selected ?? -1));
  const here = at >= 0 && Number(items[at].dataset.index) === view.selected;
  const next = view.selected === null ? 0 : step > 0 ? (here ? at + 1 : at) : (at < 0 ? items.length : at) - 1;
  const item = items[next];
  if (item) select(Number(item.dataset.index));
}

async function toggleSentences() {
  view.sentences = !view.sentences;
  $("#sentences").setAttribute("aria-pressed", view.sentences);
  if (view.sentences && !speech.paragraphs.some((p) => p.spans)) await analyse(source);
  else show();
}

const SHORTCUTS = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  n: () => move(1, (item) => item.classList.contains("doubtful")),
  c: () => $("#correction")?.focus(),
  s: () => attempt(toggleSentences),
  "/": () => $("#search").focus(),
  Escape: () => select(null),
};

function onKey(event) {
  const typing = event.target.closest("input, textarea, select");
  if (typing && event.key === "Escape") event.target.blur();
  if (!speech || $("#result").hidden || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || !SHORTCUTS[event.key]) return;
  event.preventDefault();
  SHORTCUTS[event.key]();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("zhangfa-theme", theme);
  $("#theme").dataset.words = theme === "dark" ? "light" : "dark";
  $("#theme").textContent = words($("#theme").dataset.words);
}

const analyseFile = (file) => attempt(() => analyse({ file }));

function listen() {
  $("#entry").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("#text").value;
    attempt(async () => {
      if (!text.trim()) throw new ServiceError(words("no-text"));
      await analyse({ text });
    });
  });
  $("#choose").addEventListener("click", () => $("#file").click());
  $("#file").addEventListener("change", () => {
    const [file] = $("#file").files;
    $("#file").value = "";
    if (file) analyseFile(file);
  });
  $("#sample").addEventListener("click", () =>
    attempt(async () => {
      $("#text").value = await (await fetch("/web/sample.txt")).text();
      await analyse({ text: $("#text").value });
    }),
  );
  $("#again").addEventListener("click", () => {
    $("#entry").hidden = false;
    $("#result").hidden = $("#again").hidden = true;
    say("");
    $("#text").focus();
  });
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", type === "dragover");
      if (type === "drop" && event.dataTransfer.files.length) analyseFile(event.dataTransfer.files[0]);
      else if (type === "drop") $("#text").value = event.dataTransfer.getData("text");
    });
  }
  $("#filters").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) filterBy(button.dataset.label, event.ctrlKey || event.metaKey || event.shiftKey);
  });
  $("#search").addEventListener("input", (event) => {
    view.search = event.target.value;
    applyFilters();
  });
  $("#doubtful").addEventListener("click", (event) => {
    view.doubtful = !view.doubtful;
    event.target.setAttribute("aria-pressed", view.doubtful);
    applyFilters();
  });
  $("#sentences").addEventListener("click", () => attempt(toggleSentences));
  $("#exports").addEventListener("click", (event) => {
    const format = event.target.dataset.export;
    if (!format) return;
    attempt(async () => {
      await download(format, speech, $("#reviewed").checked);
      speech.exported = true;
    });
  });
  $("#print").addEventListener("click", () => window.print());
  $("#speech").addEventListener("click", (event) => {
    const item = event.target.closest(".paragraph");
    if (item && !event.target.closest("a") && !String(getSelection())) select(Number(item.dataset.index), false);
  });
  $("#keys").addEventListener("click", () => $("#keys-dialog").showModal());
  $("#theme").addEventListener("click", () => setTheme($("#theme").dataset.words));
  $("#language").addEventListener("click", () => {
    switchLanguage();
    labelLanguage();
    if (speech && !$("#result").hidden) show();
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", (event) => {
    if (speech?.paragraphs.some((p) => p.corrected) && !speech.exported) event.preventDefault();
  });
}

function labelLanguage() {
  $("#language").textContent = isEnglish() ? "中文" : "English";
  $("#language").lang = isEnglish() ? "zh-CN" : "en";
}

listen();
translatePage();
labelLanguage();
setTheme(localStorage.getItem("zhangfa-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
