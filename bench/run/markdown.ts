type Cells = readonly (string | number)[];

/** A table with its title, in columns that are straight in a terminal too. */
export function table(title: string, head: Cells, rows: readonly Cells[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, ...[head, ...rows].map((row) => String(row[column] ?? cell).length)),
  );
  const line = (cells: Cells): string =>
    `| ${widths.map((width, column) => String(cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [
    title,
    '',
    line(head),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.map(line),
  ].join('\n');
}
