/** What the reader takes away: JSON, CSV, Markdown, Word, and corrections as labelled JSONL. */

import { ServiceError, wordFile } from "./client.js";
import { words } from "./words.js";

const oneLine = (text) => text.replace(/\s*[\r\n]+\s*/g, "");

/** Quote a cell, and keep spreadsheets from reading text as a formula. */
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(speech) {
  const head = ["index", "part", "role", "section", "label", "label_zh", "score", "corrected", "text"];
  const rows = speech.paragraphs.map((p) => [
    p.index,
    p.part,
    p.role,
    p.section.join(" / "),
    p.label,
    speech.labels.get(p.label).zh,
    p.score,
    p.corrected,
    oneLine(p.text),
  ]);
  return "\ufeff" + [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function markdown(speech) {
  const escape = (text) => oneLine(text).replace(/[\\`*_[\]<>#|~]/g, "\\$&").replace(/^(\d+)\./, "$1\\.");
  const blocks = speech.paragraphs.map((p) =>
    p.role === "heading"
      ? `${"#".repeat(Math.min(p.section.length + 1, 6))} ${escape(p.text)}`
      : `**〔${speech.labels.get(p.label).zh}〕** ${escape(p.text)}`,
  );
  return blocks.join("\n\n") + "\n";
}

/** Rows that `zhangfa-train finetune --train` reads: what was corrected, or everything once all was checked. */
function corrections(speech, reviewed) {
  const rows = speech.paragraphs.filter((p) => reviewed || p.corrected);
  if (!rows.length) throw new ServiceError(words("no-corrections"));
  const line = (p) => ({
    id: `${speech.id}-${p.part ?? 0}-${String(p.index).padStart(4, "0")}`,
    document: `${speech.id}-${p.part ?? 0}`,
    text: oneLine(p.text),
    label: p.label,
  });
  const inOrder = rows.toSorted((a, b) => (a.part ?? 0) - (b.part ?? 0) || a.index - b.index);
  return inOrder.map((p) => JSON.stringify(line(p)) + "\n").join("");
}

function json(speech) {
  const { labels: _, exported: __, ...rest } = speech;
  return JSON.stringify(rest, null, 2) + "\n";
}

async function word(speech) {
  const paragraphs = speech.paragraphs.map(({ text, label, role, level }) => ({ text, label, role, level }));
  return wordFile({ paragraphs });
}

const FORMATS = {
  json: ["json", "application/json", json],
  csv: ["csv", "text/csv", csv],
  markdown: ["md", "text/markdown", markdown],
  word: ["docx", "", word],
  corrections: ["jsonl", "application/jsonl", corrections],
};

/** Make a file of the speech as the reader left it and hand it to the browser. */
export async function download(format, speech, reviewed) {
  const [suffix, type, make] = FORMATS[format];
  const made = await make(speech, reviewed);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made instanceof Blob ? made : new Blob([made], { type }));
  link.download = `${speech.name}.${suffix}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
