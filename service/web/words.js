/** Words of the page in Chinese and English. Chinese stands in the page itself; English replaces it here. */

const ENGLISH = {
  skip: "Skip to the text",
  name: "Zhangfa",
  tagline: "See what each paragraph of a speech does",
  page: "Page",
  again: "Another text",
  keys: "Shortcuts",
  dark: "Dark",
  light: "Light",
  paste: "Paste a whole text, or drop a file here",
  example: "同志们：今天召开全县安全生产工作会议……",
  analyse: "Analyse",
  choose: "Choose a file",
  sample: "Show an example",
  formats: "txt, md, docx, html, pdf; the text goes to this server only and is not kept",
  result: "Result",
  filters: "Filter by function",
  search: "Search",
  doubtful: "Doubtful only",
  sentences: "Sentences",
  export: "Export",
  corrections: "Corrections as JSONL",
  reviewed: "I have checked the other paragraphs too",
  print: "Print",
  outline: "Outline",
  speech: "Text",
  scores: "Scores and correction",
  key: "This service needs a key",
  ok: "OK",
  next: "Next paragraph",
  previous: "Previous paragraph",
  "next-doubtful": "Next doubtful paragraph",
  correct: "Correct this paragraph",
  close: "Close the scores",
  whole: "Whole text",
  "speech-number": "Speech {n}",
  working: "Working…",
  done: "{n} paragraphs, {characters} characters, {seconds} s",
  shown: "{shown} of {n} paragraphs",
  "doubt-mark": "The model is not sure",
  repeats: "Repeats paragraph {n} ({percent})",
  corrected: "Corrected",
  paragraph: "Paragraph {n}",
  windows: "Long paragraph, scored in {n} windows",
  "set-label": "Correct to",
  undo: "Undo the correction",
  "no-text": "Paste a text or choose a file first",
  "no-corrections": "Nothing has been corrected yet: correct a paragraph, or tick that you have checked them all",
  unreachable: "The service cannot be reached; check that it runs and try again",
  shares: "Share of characters by function",
  cancelled: "No key was given",
};

const CHINESE = {
  light: "浅色",
  example: "同志们：今天召开全县安全生产工作会议……",
  whole: "全文",
  "speech-number": "第 {n} 篇",
  working: "正在分析……",
  done: "共 {n} 段、{characters} 字，用时 {seconds} 秒",
  shown: "显示 {shown} / {n} 段",
  "doubt-mark": "模型把握不大",
  repeats: "与第 {n} 段重复({percent})",
  corrected: "已订正",
  paragraph: "第 {n} 段",
  windows: "长段落，分 {n} 个窗口判定",
  "set-label": "订正为",
  undo: "撤销订正",
  "no-text": "请先粘贴文字或选择文件",
  "no-corrections": "还没有订正：请先订正某一段，或勾选“其余段落也已核对无误”",
  unreachable: "连不上服务：请确认服务在运行，然后再试",
  shares: "各功能所占字数",
  cancelled: "没有填写密钥",
};

let language = localStorage.getItem("zhangfa-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const isEnglish = () => language === "en";

/** The words for a name, with `{…}` filled in. */
export function words(name, values = {}) {
  const found = (isEnglish() ? ENGLISH[name] : CHINESE[name]) ?? name;
  return found.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** The display name of a label as `/info` gives it. */
export const labelName = (label) => (isEnglish() ? label.en : label.zh);

/** Put the words of the language into every element of the page that names some. */
export function translatePage(root = document) {
  for (const [attribute, set] of [
    ["words", (element, text) => (element.textContent = text)],
    ["wordsLabel", (element, text) => element.setAttribute("aria-label", text)],
    ["wordsPlaceholder", (element, text) => (element.placeholder = text)],
  ]) {
    const selector = `[data-${attribute.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase())}]`;
    for (const element of root.querySelectorAll(selector)) {
      const name = element.dataset[attribute];
      CHINESE[name] ??= attribute === "wordsLabel" ? element.getAttribute("aria-label") : element.textContent;
      set(element, words(name));
    }
  }
  document.documentElement.lang = isEnglish() ? "en" : "zh-CN";
  document.title = isEnglish() ? "Zhangfa" : "章法";
}

/** Change between Chinese and English. */
export function switchLanguage() {
  language = isEnglish() ? "zh" : "en";
  localStorage.setItem("zhangfa-language", language);
  translatePage();
}
