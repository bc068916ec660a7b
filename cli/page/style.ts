/** The page's own style: system fonts, light and dark, readable on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfbf9; --card: #ffffff; --line: #e3e3dd; --quiet: #5d6673;
  --answers: #1f7a63; --twice: #c9752b; --aside: #5b6fb5; --unsettled: #8b919b; --faint: #e6ebe8; --uncertain: #b7bcc4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --paper: #14181d; --card: #1c2128; --line: #2f363f; --quiet: #9aa4b0;
  --answers: #46b393; --twice: #e29a55; --aside: #8fa1e3; --unsettled: #7d8590; --faint: #2b3230; --uncertain: #59616b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 960px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
h1 { font-size: 1.7rem; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; margin: 0; }
h3 { font-size: 1rem; margin: 0; }
header p, .about, figcaption { color: var(--quiet); margin: 0.25rem 0 0; }
nav { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; margin-top: 0.8rem; }
a { color: var(--answers); }
section { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 0.75rem; margin: 1.25rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.8rem 0.95rem; border-top: 3px solid var(--line); }
.tile.answers { border-top-color: var(--answers); } .tile.twice { border-top-color: var(--twice); }
.tile.unsettled { border-top-color: var(--unsettled); } .tile.aside { border-top-color: var(--aside); }
.tile b { display: block; font-weight: 500; color: var(--quiet); font-size: 0.85rem; }
.tile span { display: block; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile small { color: var(--quiet); }
figure { margin: 1.25rem 0 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem 0.6rem; }
figcaption { font-size: 0.9rem; }
.plot { overflow-x: auto; margin-top: 0.5rem; }
.plot svg { max-width: 100%; min-width: 600px; height: auto; }
.wide { overflow-x: auto; } .wide td:first-child { min-width: 9.5rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.5rem 0 0; font-size: 0.9rem; }
.legend i { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 3px; margin-right: 0.4rem; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-variant-numeric: tabular-nums; font-size: 0.93rem; }
th { text-align: left; font-weight: 500; color: var(--quiet); }
th, td { padding: 0.35rem 0.8rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
details { margin-top: 1.25rem; } summary { cursor: pointer; color: var(--quiet); }
@media print { body { max-width: none; padding: 0; } figure, .tile { break-inside: avoid; } details { display: none; } }
`;
