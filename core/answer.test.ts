import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { extractAnswer, lastJson, lastNumber, normalise, type AnswerSpec } from './answer.ts';

const fence = '```';
const extract = (text: string, spec: AnswerSpec, ordinal = 0): string | null =>
  extractAnswer(text, spec, ordinal);

describe('numbers', () => {
  it.each([
    ['$1,234.50', '1234.5'],
    ['it took 3-4', '4'],
    ['2024-05-06', '6'],
    ['(3)-4', '4'],
    ['from 7 to -3', '-3'],
    ['minus: −5', '-5'],
    ['a loss of -$1,200.00', '-1200'],
    ['between $3-$4', '4'],
    ['The answer is 42.', '42'],
    ['007', '7'],
    ['-0.0', '0'],
    ['.50', '0.5'],
    ['12,345,6789', '6789'],
    ['1,23', '23'],
    ['100%', '100'],
    ['1e-7', '0.0000001'],
    ['about 2.5E3.', '2500'],
    ['12.5e-1', '1.25'],
    ['1e99999', '99999'],
    ['a 3e8x', '8'],
    ['1'.repeat(400), '1'.repeat(400)],
  ])('reads the last number of %j as %s', (text, number) => {
    expect(lastNumber(text)).toBe(number);
  });

  it('finds none where there is none', () => {
    expect(lastNumber('no idea - none')).toBeNull();
  });

  it('gives every number one form', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const read = lastNumber(`so it is ${String(value)}`)!;
        expect(Number(read)).toBe(value === 0 ? 0 : value);
        expect(lastNumber(read)).toBe(read);
        expect(read).toMatch(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
      }),
    );
  });
});

describe('normalisation', () => {
  it('folds case, space, quotes and a final full stop when loose', () => {
    expect(normalise('  "New\n York". ', 'loose')).toBe('new york');
    expect(normalise('  "New\n York". ', 'none')).toBe('"New\n York".');
    expect(normalise('about 1,000 km', 'number')).toBe('1000');
    expect(normalise('far', 'number')).toBeNull();
  });

  it('is not slow on the dots of a model that got stuck', () => {
    const stuck = `${'.'.repeat(400_000)}x`;
    expect(normalise(stuck, 'loose')).toBe(stuck);
  });
});

describe('answers', () => {
  it('makes every open response its own candidate', () => {
    expect(extract('Dear customer', { from: 'open' }, 1)).toBe('response 2');
    expect(extract(' \n', { from: 'open' }, 1)).toBeNull();
  });

  it('takes the whole text', () => {
    expect(extract(' Paris. ', { from: 'text', normalise: 'loose' })).toBe('paris');
    expect(extract(' ', { from: 'text', normalise: 'loose' })).toBeNull();
    // The empty string, written out, is an answer like any other.
    expect(extract(" '' ", { from: 'text', normalise: 'loose' })).toBe('""');
    expect(extract(' "" ', { from: 'text', normalise: 'loose' })).toBe('""');
  });

  it('takes the first group of the last match, or the whole match', () => {
    expect(extract('#### 4\n#### 5', { from: 'regex', pattern: '#### (\\d+)', normalise: 'none' })).toBe('5');
    expect(extract('v1 v2', { from: 'regex', pattern: 'v\\d', normalise: 'none' })).toBe('v2');
    expect(extract('none', { from: 'regex', pattern: '\\d', normalise: 'none' })).toBeNull();
  });

  it('takes the last label as a whole word, the longer where one ends another', () => {
    const labels = ['positive', 'very positive', 'C++', 'C', 'not spam', 'spam', 'Größe'];
    const label = (text: string): string | null => extract(text, { from: 'label', labels });
    expect(label('Not negative, rather VERY positive.')).toBe('very positive');
    expect(label('positively nothing')).toBeNull();
    expect(label('in C++')).toBe('C++');
    expect(label('It is not spam')).toBe('not spam');
    expect(label('spam? No: positive')).toBe('positive');
    expect(label('GRÖSSE? größe!')).toBe('Größe');
  });

  it('keeps long answers apart by a hash, and says when two are equal', () => {
    const spec: AnswerSpec = { from: 'text', normalise: 'none' };
    const long = 'x'.repeat(200);
    const one = extract(`${long}a`, spec)!;
    expect(one).toMatch(/^x{160}… #[0-9a-f]{16}$/);
    expect(extract(`${long}a `, spec)).toBe(one);
    expect(extract(`${long}b`, spec)).not.toBe(one);
  });

  it('gives only answers that Postgres can keep', () => {
    const spec: AnswerSpec = { from: 'json', pointer: '/a', normalise: 'none' };
    expect(extract('{"a": "x\\u0000y\\ud83d"}', spec)).toBe('x\uFFFDy\uFFFD');
    const cut = extract(`${'x'.repeat(159)}😀${'y'.repeat(50)}`, { from: 'text', normalise: 'none' })!;
    expect(cut).toContain(`${'x'.repeat(159)}\uFFFD…`);
    expect(extract('😀', { from: 'text', normalise: 'none' })).toBe('😀');
  });
});

describe('JSON in a text', () => {
  const at = (text: string, pointer: string): string | null =>
    extract(text, { from: 'json', pointer, normalise: 'none' });

  it('finds it bare, fenced, and after reasoning full of brackets', () => {
    expect(lastJson(' {"a": 1} ')).toEqual({ a: 1 });
    expect(lastJson(`Sure!\n${fence}json\n{"a": [1, {"b": 2}]}\n${fence}\nHope {this} helps [now].`)).toEqual(
      {
        a: [1, { b: 2 }],
      },
    );
    const latex = `\\frac{1}{2} \\cdot [x] {y} `.repeat(1000);
    expect(lastJson(`${latex} so {"answer": 7}`)).toEqual({ answer: 7 });
    for (const intervals of [90, 5000]) {
      const prose = `x lies in [0, 1) ${'.'.repeat(1000)}`.repeat(90) + '[0, 1) '.repeat(intervals - 90);
      expect(lastJson(`${prose} so {"answer": 8}`)).toEqual({ answer: 8 });
    }
    expect(lastJson('no json, {not: this} nor [this')).toBeUndefined();
    expect(lastJson('42')).toBeUndefined();
    expect(lastJson('{"cut": "off')).toBeUndefined();
  });

  it('takes the last of several, and the outermost of nested ones', () => {
    expect(lastJson('{"a":1} then {"a":{"a":2}}')).toEqual({ a: { a: 2 } });
    expect(lastJson('{"a":1} then {broken: "}"} [')).toEqual({ a: 1 });
    expect(lastJson('{"quote": "} and \\" ] {"}')).toEqual({ quote: '} and " ] {' });
  });

  it('takes the last that has the pointer, so that a footnote does not hide the answer', () => {
    expect(at('{"answer": "18"} as shown in [1] and {}', '/answer')).toBe('18');
    expect(at('{"answer": 1} no: {"answer": 2} see [3]', '/answer')).toBe('2');
    expect(at('{"answer": 1} no: {"answer": null}', '/answer')).toBeNull();
    expect(at('{"x": {"answer": 1}}', '/answer')).toBeNull();
  });

  it('mends raw line breaks and stray backslashes in strings, and nothing else', () => {
    expect(lastJson('{"a": "one\ntwo\tthree"}')).toEqual({ a: 'one two three' });
    expect(lastJson('{"a": "\\( x \\) is 2 \\* 3", "b": "\\u00e9\\n\\\\"}')).toEqual({
      a: '\\( x \\) is 2 \\* 3',
      b: 'é\n\\',
    });
    expect(lastJson("{'a': 1}")).toBeUndefined();
    expect(lastJson('{"a": 1,}')).toBeUndefined();
  });

  it('follows pointers as RFC 6901 has them', () => {
    const json = '{"a/b": 1, "m~n": 2, "~1": 3, "": 4, "list": [{"x": 5}], "o": {"y": 1, "x": 2}}';
    expect(['/a~1b', '/m~0n', '/~01', '/', '/list/0/x'].map((pointer) => at(json, pointer))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    expect(
      ['/list/1', '/list/-', '/list/length', '/none', '/o/toString', '/a~1b/c'].map((p) => at(json, p)),
    ).toEqual([null, null, null, null, null, null]);
    expect(at(json, '/o')).toBe('{"x":2,"y":1}');
    expect(at('[3, 4]', '')).toBe('[3,4]');
  });

  it.each([
    ['openers', '['.repeat(200_000)],
    ['closers', '}'.repeat(200_000)],
    ['objects', '{"a":'.repeat(50_000)],
    ['pairs', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['broken pairs', `${'[1,'.repeat(50_000)}x${']'.repeat(50_000)}`],
    ['quotes', '{"'.repeat(100_000)],
    ['backslashes', `{"${'\\'.repeat(200_000)}`],
    ['white space', `{${' '.repeat(200_000)}`],
  ])(
    'looks at a bounded number of characters of %s',
    (_name, text) => {
      // Quadratic work on these would take minutes: the test's own time limit is the assertion.
      const value = lastJson(text);
      expect(canonicalJson(value ?? null).length).toBeLessThan(1000);
    },
    10_000,
  );

  it('finds every JSON object, whatever prose without brackets or quotes is around it', () => {
    const prose = fc.string().map((text) => text.replace(/["[\]{}\\]/g, ''));
    fc.assert(
      fc.property(
        prose,
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
        prose,
        (before, value, after) => {
          const found = lastJson(before + JSON.stringify(value) + after);
          expect(canonicalJson(found)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
        },
      ),
    );
  });

  it('never throws, and gives the same answer to the same text', () => {
    const messy = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"', '\\', 'a', ':', ',', '1', '\n', '\\u12'),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(messy, (parts) => {
        expect(at(parts.join(''), '')).toBe(at(parts.join(''), ''));
      }),
      { numRuns: 2000 },
    );
  });

  it('makes equal values equal text', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
  });
});

describe('a response whose JSON cannot be read', () => {
  const spec = (pointer: string, normalise: 'none' | 'loose' | 'number' = 'loose') =>
    ({ from: 'json', pointer, normalise }) as const;

  it.each<[text: string, answer: string | null]>([
    ['{"reasoning": "he said "five"", "answer": "5 km"}', '5 km'],
    ['{"reasoning": "a "b" c", "answer": 5}', '5'],
    ['{"reasoning": "a "b" c", "answer": true}', 'true'],
    // The last one counts, and a value that is none is none.
    ['{"answer": 1, "x": "a "b"", "answer": 2}', '2'],
    ['{"x": "a "b"", "answer": null}', null],
    ['{"x": "a "b"", "answer": 1.2.3}', null],
    ['{"x": "a "b"", "answer": [1]}', null],
    ['{"x": "a "b"", "reply": 1}', null],
    // What can be read is believed, whatever else the text holds.
    ['{"reply": 1} and "answer": 2', null],
    // Said in so many words, the empty string is an answer.
    ['{"answer": ""}', '""'],
    ['{"x": "a "b"", "answer": ""}', '""'],
  ])('%s', (text, answer) => {
    expect(extractAnswer(text, spec('/answer'), 0)).toBe(answer);
  });

  it('is looked into for one key, and not deeper', () => {
    expect(extractAnswer('{"x": "a "b"", "a/b": 3}', spec('/a~1b'), 0)).toBe('3');
    expect(extractAnswer('{"x": "a "b"", "a": {"b": 3}', spec('/a/b'), 0)).toBeNull();
  });

  it('gives an empty string only where it is an answer', () => {
    expect(extractAnswer('{"answer": ""}', spec('/answer', 'none'), 0)).toBeNull();
    expect(extractAnswer('{"answer": ""}', spec('/answer', 'number'), 0)).toBeNull();
  });
});
