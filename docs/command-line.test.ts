import { readFile } from 'node:fs/promises';
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../cli/program.ts';

const page = await readFile(new URL('command-line.md', import.meta.url), 'utf8');
const program = createProgram(() => () => Promise.reject(new Error('no command is run here')));

interface Told {
  /** As in the help: `batch <file>`. */
  readonly usage: string;
  readonly group: string;
  /** A row for each option: its flags, and its default. */
  readonly options: readonly string[];
}

/** Every command that does something, with those below it. */
function commandsOf(command: CommandUnknownOpts, path: string, group: string): Told[] {
  const usage = [path, ...command.registeredArguments.map((argument) => argumentText(argument))].join(' ');
  const below = command.commands.flatMap((child) => commandsOf(child, `${path} ${child.name()}`, group));
  // A command that only holds others has no arguments and no options.
  const own =
    below.length > 0 && command.options.length === 0 ? [] : [{ usage, group, options: optionsOf(command) }];
  return [...own, ...below];
}

function argumentText(argument: { name(): string; readonly required: boolean }): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function optionsOf(command: CommandUnknownOpts): string[] {
  return command.options.map((option) => `${option.flags} | ${defaultText(option)}`);
}

/** What is on or off by default has no default on the page. */
function defaultText({ mandatory, defaultValue }: Option): string {
  if (mandatory) return 'required';
  return typeof defaultValue === 'boolean' || defaultValue === undefined ? '' : String(defaultValue);
}

/** What the page says of them: a heading may name several commands, which share its table. */
function commandsOfPage(): Told[] {
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const group = section.split('\n', 1)[0] ?? '';
      return section
        .split(/^### /m)
        .slice(1)
        .flatMap((part) => {
          const [heading = ''] = part.split('\n', 1);
          const options = [...part.matchAll(/^\| `(-.*?)` +\| (.*?) +\|/gm)].map(
            ([, flags = '', value = '']) => `${flags} | ${value.trim().replace(/^`(.*)`$/, '$1')}`,
          );
          return [...heading.matchAll(/`(.*?)`/g)].map(([, usage = '']) => ({ usage, group, options }));
        });
    });
}

const commands = program.commands.flatMap((command) =>
  commandsOf(command, command.name(), command.helpGroup().replace(/:$/, '')),
);
const told = new Map(commandsOfPage().map((command) => [command.usage, command]));

describe('docs/command-line.md', () => {
  test('has every command, with its arguments, and no other', () => {
    expect([...told.keys()].sort()).toEqual(commands.map(({ usage }) => usage).sort());
  });

  test('has the options of all commands', () => {
    for (const { long } of program.options) expect(page).toContain(`\`${long ?? ''}\``);
  });

  test('has them in the groups of the help', () => {
    const groups = (some: Iterable<Told>) =>
      Object.fromEntries([...some].map(({ usage, group }) => [usage, group]));
    expect(groups(told.values())).toEqual(groups(commands));
    expect([...new Set([...told.values()].map(({ group }) => group))]).toEqual([
      ...new Set(program.commands.map((command) => command.helpGroup().replace(/:$/, ''))),
    ]);
  });

  test.each(commands.filter(({ usage }) => !usage.startsWith('report ')))(
    'has every option of $usage with its default, and no other',
    ({ usage, options }) => {
      expect([...(told.get(usage)?.options ?? [])].sort()).toEqual([...options].sort());
    },
  );

  test.each(commands.filter(({ usage }) => usage.startsWith('report ')))(
    'has every option of $usage, which takes those of report',
    ({ usage, options }) => {
      const flags = (rows: readonly string[]) => rows.map((row) => row.split(' | ')[0]);
      expect(flags(told.get(usage)?.options ?? [])).toEqual(expect.arrayContaining(flags(options)));
    },
  );
});
