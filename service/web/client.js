/** Requests to the service. The key, if one is needed, stays in this tab and goes to this server only. */

import { words } from "./words.js";

const KEY = "zhangfa-key";

/** An error whose message is meant for the reader. */
export class ServiceError extends Error {}

/** Ask for the key; resolves to whether one was given. */
function askForKey() {
  const dialog = document.querySelector("#key-dialog");
  const input = dialog.querySelector("input");
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const key = input.value.trim();
        if (dialog.returnValue === "ok" && key) sessionStorage.setItem(KEY, key);
        resolve(dialog.returnValue === "ok" && key !== "");
      },
      { once: true },
    );
  });
}

async function request(path, options = {}) {
  for (;;) {
    const headers = new Headers(options.headers);
    const key = sessionStorage.getItem(KEY);
    if (key) headers.set("Authorization", `Bearer ${key}`);
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch {
      throw new ServiceError(words("unreachable"));
    }
    if (response.status === 401) {
      sessionStorage.removeItem(KEY);
      if (await askForKey()) continue;
      throw new ServiceError(words("cancelled"));
    }
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new ServiceError(problem.detail ?? `${response.status} ${response.statusText}`);
    }
    return response;
  }
}

const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** What the service is: its labels and limits. */
export const info = async () => (await request("/info")).json();

/** Outline a text, or a file. */
export async function outline({ text, file, sentences }) {
  if (!file) return (await post("/v1/documents", { text, sentences })).json();
  const form = new FormData();
  form.set("file", file);
  form.set("sentences", String(sentences));
  return (await request("/v1/documents", { method: "POST", body: form })).json();
}

/** A Word file of labelled paragraphs. */
export const wordFile = async (body) => (await post("/v1/exports/word", body)).blob();
