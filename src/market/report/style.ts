/** How the page looks: one column, wide tables that scroll by themselves, and the colours of the charts. */
export const STYLE = `
:root { color-scheme: light; --ink: #1d2329; --muted: #5f6b76; --line: #dde2e7; --accent: #0072b2; --bad: #a3260f; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: #f5f6f8; color: var(--ink); line-height: 1.5;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: clamp(1.5rem, 5vw, 2.1rem); line-height: 1.2; letter-spacing: -.015em;
  overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; }
p { margin: 0 0 .75rem; }
.lead { max-width: 42rem; font-size: 1.05rem; }
.note, figcaption, footer { color: var(--muted); font-size: .9rem; overflow-wrap: anywhere; }
.note { margin: .5rem 0 0; }
.problems { margin: 1.5rem 0; padding: .9rem 1.1rem; background: #fdf1ee; border-left: 4px solid var(--bad); }
.problems h2 { margin: 0 0 .35rem; color: var(--bad); font-size: 1.05rem; }
.problems ul, .incidents ul { margin: 0; padding-left: 1.1rem; overflow-wrap: anywhere; }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; margin: 1.75rem 0 0;
  background: var(--line); border: 1px solid var(--line); }
.key div { padding: .8rem 1rem; background: #fff; }
.key dt { color: var(--muted); font-size: .85rem; }
.key dd { margin: 0; font-size: 1.3rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.key dd small { display: block; color: var(--muted); font-size: .8rem; font-weight: 400; }
.bad { color: var(--bad); }
figure { margin: 1.25rem 0 0; }
figcaption { margin-top: .5rem; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); }
.scroll { overflow-x: auto; background: #fff; border: 1px solid var(--line); }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll svg { display: block; width: 100%; min-width: 34rem; height: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; border-top: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { border-top: 0; color: var(--muted); font-weight: 500; }
tbody th { font-weight: 500; }
.number { text-align: right; }
details { margin-top: 2.75rem; }
summary { margin-bottom: .75rem; cursor: pointer; font-size: 1.2rem; font-weight: 600; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
@media print { body { background: #fff; } .scroll { overflow: visible; } figure { break-inside: avoid; } }
`;
