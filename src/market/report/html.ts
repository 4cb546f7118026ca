import type { Figures } from "./figures.js";

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
