import type { Figures } from "./figures.js";
import { STYLE } from "./style.js";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A table that scrolls in its own container where the page is narrow. The first column names the row. */
export function tableHtml({ title, columns, rows }: Figures, below: readonly string[] = []): string {
  const cell = (tag: string, align: string, text: string) =>
    `<${tag}${align === "right" ? ' class="number"' : ""}>${escapeHtml(text)}</${tag.split(" ")[0] ?? ""}>`;
  const head = columns.map((column) => cell('th scope="col"', column.align, column.title)).join("");
  const body = rows.map((row) => {
    const cells = row.map((text, index) =>
      cell(index === 0 ? 'th scope="row"' : "td", columns[index]?.align ?? "left", text),
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const notes = below.map((sentence) => `<p class="note">${escapeHtml(sentence)}</p>`).join("\n");
  if (rows.length === 0) return `<p class="note">None.</p>\n${notes}`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>
${notes}`;
}

/** A section with a title of its own and a table. */
export function sectionHtml(figures: Figures, notes: readonly string[] = []): string {
  return `<section>\n<h2>${escapeHtml(figures.title)}</h2>\n${tableHtml(figures, notes)}\n</section>`;
}

/**
 * A whole page that needs nothing else: no script, no other file, no network.
 *
 * @param title Plain text, like the lead below it.
 * @param content HTML.
 */
export function documentHtml(title: string, lead: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
</header>
${content}
</main>
</body>
</html>
`;
}
