/** Draws a speech: its paragraphs, its outline, the bar of shares, and the scores of one paragraph. */

import { labelName, words } from "./words.js";

export const DOUBTFUL = 0.5;

/** Make an element with a class, text and children; text never becomes markup. */
export function make(tag, className = "", text = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

const percent = (share) => `${Math.round(share * 100)}%`;
const oneLine = (text) => text.replace(/\s*[\r\n]+\s*/g, "");

export const isDoubtful = (paragraph) => !paragraph.corrected && paragraph.score < DOUBTFUL;

/** Split a string at offsets that count code points. */
function sliceOf(text) {
  const points = Array.from(text);
  return (start, end) => points.slice(start, end).join("");
}

function spanTexts(paragraph, labels) {
  const slice = sliceOf(paragraph.text);
  return paragraph.spans.map((span) => {
    const element = make("span", `span label-${span.label}`);
    const name = make("span", "span-name", labelName(labels.get(span.label)));
    element.append(name, oneLine(slice(span.start - paragraph.start, span.end - paragraph.start)));
    return element;
  });
}

/** One paragraph of the text. */
export function paragraphItem(paragraph, labels, withSpans) {
  const { index, role, label } = paragraph;
  const item = make("li", `paragraph role-${role} label-${label}`);
  item.id = `paragraph-${index}`;
  item.dataset.index = index;
  item.style.setProperty("--depth", Math.min(paragraph.section.length, 4));
  const doubtful = isDoubtful(paragraph);
  item.classList.toggle("doubtful", doubtful);
  const tag = make("button", "tag");
  tag.type = "button";
  tag.append(make("span", "tag-name", labelName(labels.get(label))));
  if (paragraph.corrected) tag.append(make("span", "tag-note", words("corrected")));
  else {
    const score = make("span", "tag-note", `${doubtful ? "? " : ""}${paragraph.score.toFixed(2)}`);
    if (doubtful) score.title = words("doubt-mark");
    tag.append(score);
  }
  tag.setAttribute("aria-label", `${words("paragraph", { n: index + 1 })} ${tag.textContent}`);
  const body = make("div", "body");
  if (withSpans && paragraph.spans?.length > 1) body.append(...spanTexts(paragraph, labels));
  else body.textContent = oneLine(paragraph.text);
  if (role === "heading") {
    body.setAttribute("role", "heading");
    body.setAttribute("aria-level", Math.min(paragraph.section.length + 3, 6));
  }
  if (paragraph.repeats) {
    const link = make(
      "a",
      "repeats",
      words("repeats", { n: paragraph.repeats.index + 1, percent: percent(paragraph.repeats.likeness) }),
    );
    link.href = `#paragraph-${paragraph.repeats.index}`;
    body.append(link);
  }
  item.append(tag, body);
  return item;
}

/** The tree of sections, each with the name of its main function. */
export function outlineList(speech) {
  const list = make("ul");
  const parts = new Set(speech.outline.map((section) => section.part));
  for (const section of speech.outline) {
    const first = section.index ?? speech.paragraphs.find((p) => p.part === section.part && p.role !== "noise")?.index;
    const whole = parts.size > 1 ? words("speech-number", { n: (section.part ?? 0) + 1 }) : words("whole");
    const link = make("a", `label-${section.label}`);
    link.href = `#paragraph-${first}`;
    link.append(
      make("span", "heading", oneLine(section.section.at(-1) ?? whole)),
      make("span", "main-function", labelName(speech.labels.get(section.label))),
    );
    const item = make("li", section.index === null ? "whole" : "", "", link);
    item.style.setProperty("--depth", Math.min(section.section.length, 5));
    list.append(item);
  }
  return list;
}

/** Characters of each label over the paragraphs, most first. */
export function labelShares(speech) {
  const totals = new Map();
  for (const p of speech.paragraphs) totals.set(p.label, (totals.get(p.label) ?? 0) + p.end - p.start);
  const sum = [...totals.values()].reduce((a, b) => a + b, 0);
  return [...totals].map(([label, n]) => [label, n / sum]).sort((a, b) => b[1] - a[1]);
}

/** Draw the bar of shares. */
export function drawShares(bar, speech) {
  const shares = labelShares(speech);
  bar.replaceChildren(
    ...shares.map(([label, share]) => {
      const name = labelName(speech.labels.get(label));
      const piece = make("span", `share label-${label}`, share >= 0.07 ? `${name} ${percent(share)}` : "");
      piece.style.flexGrow = share;
      piece.title = `${name} ${percent(share)}`;
      return piece;
    }),
  );
  const said = shares.map(([label, share]) => `${labelName(speech.labels.get(label))} ${percent(share)}`).join(", ");
  bar.setAttribute("aria-label", `${words("shares")}: ${said}`);
}

/** The scores of one paragraph, and the choice that corrects it. */
export function scoresPanel(paragraph, labels, onCorrect, onClose) {
  const rows = paragraph.scores.map(({ label, score }) => {
    const bar = make("span", `score-bar label-${label}`);
    bar.style.setProperty("--score", score);
    return make("li", "", "", make("span", "", labelName(labels.get(label))), bar, make("span", "", score.toFixed(3)));
  });
  const select = make("select");
  select.id = "correction";
  for (const label of labels.values()) {
    const option = new Option(labelName(label), label.id, false, label.id === paragraph.label);
    option.title = label.definition;
    select.append(option);
  }
  select.addEventListener("change", () => onCorrect(select.value));
  const choice = make("label", "", words("set-label"), select);
  const close = make("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", words("close"));
  close.addEventListener("click", onClose);
  const head = make("div", "head", "", make("h3", "", words("paragraph", { n: paragraph.index + 1 })), close);
  const parts = [head, choice, make("ol", "bars", "", ...rows)];
  if (paragraph.n_windows > 1) parts.push(make("p", "hint", words("windows", { n: paragraph.n_windows })));
  if (paragraph.corrected) {
    const undo = make("button", "", words("undo"));
    undo.type = "button";
    undo.addEventListener("click", () => onCorrect(null));
    choice.append(undo);
  }
  return parts;
}
