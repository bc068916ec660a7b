import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createScorerRegistry } from '../scorers/registry.ts';
import { loadSettings, parseSettings } from './load.ts';
import { SettingsError } from './problems.ts';

const NOW = new Date('2026-01-15T12:00:00Z');
const scorers = createScorerRegistry();

/** Lines of the error, without the file's name. */
function problemsIn(text: string): string[] {
  try {
    parseSettings(text, 'escalier.yaml', scorers, { now: NOW });
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map((line) => line.replace(/^escalier\.yaml:?/, ''));
  }
}

const GOOD = `
models:
  small: { provider: openai, id: gpt-5-nano, max_output_tokens: 1000 }
  large: { provider: openai, id: gpt-5, max_output_tokens: 1000 }
  grader: { provider: openai, id: gpt-5-mini, max_output_tokens: 1000 }
tasks:
  support:
    chain: [small, large]
    threshold: 0.7
    scorer: { name: judge, model: grader }
`;

type Tree = Record<string, unknown>;

/** The good settings with one value replaced (or, by undefined, taken out). */
function withValue(path: string, value: unknown): string {
  const tree = parse(GOOD) as Tree;
  const keys = path.split('.');
  const last = keys.pop() as string;
  let at = tree;
  for (const key of keys) at = (at[key] ??= {}) as Tree;
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return stringify(tree);
}

/** The one problem of such settings, without its line. */
function problemWith(path: string, value: unknown): string {
  const problems = problemsIn(withValue(path, value));
  expect(problems).toHaveLength(1);
  return (problems[0] as string).replace(/^\d+: /, '');
}

it('starts from settings without a problem', () => {
  expect(problemsIn(GOOD)).toEqual([]);
});

describe('the file', () => {
  it('is missing', async () => {
    await expect(loadSettings('/nowhere/escalier.yaml', scorers, { now: NOW })).rejects.toThrow(
      '/nowhere/escalier.yaml: there is no such file: "escalier init" writes a first one (docs/settings.md describes it), or name yours with --settings',
    );
  });

  it('cannot be read', async () => {
    await expect(loadSettings('/', scorers, { now: NOW })).rejects.toThrow(/^\/: cannot be read: EISDIR/);
  });

  it.each(['', '# nothing yet\n', '---\n'])('is empty: %j', (text) => {
    expect(problemsIn(text)).toEqual([expect.stringMatching(/^ is empty: write models and tasks/)]);
  });

  it('is a list', () => {
    expect(problemsIn('- a\n')).toEqual([
      expect.stringMatching(/expected settings of its own.*found a list/),
    ]);
  });

  it('is not YAML', () => {
    expect(problemsIn('models:\n  a: [1,\ntasks: {}\n')[0]).toMatch(/^\d+: is not YAML: /);
    expect(problemsIn('models:\n\ta: 1\n')[0]).toMatch(/^2: is not YAML: Tabs/);
  });

  it('has an alias without its anchor', () => {
    expect(problemsIn('models: *nowhere\n')[0]).toMatch(/is not YAML: Unresolved alias/);
  });

  it('has the same key twice, in several places', () => {
    const twice = GOOD.replace('    threshold: 0.7', '    threshold: 0.7\n    threshold: 0.8').replace(
      'tasks:',
      '  small: { provider: openai }\ntasks:',
    );
    expect(problemsIn(twice)).toEqual([
      '6: "small" is written twice in the same place: keep one of them',
      '11: "threshold" is written twice in the same place: keep one of them',
    ]);
  });

  it('lacks its parts', () => {
    expect(problemsIn('providers: {}\n')).toEqual([
      ' models: is missing: expected settings of its own (key: value)',
      ' tasks: is missing: expected settings of its own (key: value)',
    ]);
  });

  it('has parts without a value', () => {
    expect(problemsIn('models:\ntasks:\n')).toEqual([
      '1: models: has no value: expected settings of its own (key: value)',
      '2: tasks: has no value: expected settings of its own (key: value)',
    ]);
  });

  it('has several problems: all are told, in its order, each once', () => {
    const text = `
models:
  small: { provider: opneai }
  large: { provider: openai, id: no-such-model }
tasks:
  a: { chain: [small, large], threshold: 2, scorer: agreement }
  b: { chain: [small, lrge], threshold: 0.5, scorer: agreement }
`;
    // Thresholds belong to the shape, which is checked before what the names mean.
    expect(problemsIn(text)).toEqual([
      '6: tasks.a.threshold: a threshold is a probability: expected a number from 0 to 1',
    ]);
    expect(problemsIn(text.replace('threshold: 2', 'threshold: 0.5'))).toEqual([
      '3: models.small.provider: there is no provider "opneai": did you mean openai?',
      expect.stringMatching(/^4: models\.large: no price is known for "no-such-model" at OpenAI/),
      expect.stringMatching(/^6: tasks\.a\.scorer: open-ended answers never agree/),
      '7: tasks.b.chain.1: there is no model "lrge" under models: did you mean large?',
      expect.stringMatching(/^7: tasks\.b\.scorer: open-ended answers never agree/),
    ]);
  });
});

describe('a misspelt setting', () => {
  it.each([
    ['tasks.support.treshold', 'did you mean threshold?'],
    ['tasks.support.answers', 'did you mean answer?'],
    ['model', 'did you mean models?'],
    ['models.small.max_token', 'there are provider, id, max_output_tokens'],
    ['models.small.max_output_token', 'did you mean max_output_tokens?'],
    ['providers.openai.baseurl', 'did you mean base_url?'],
    ['tasks.support.scorer.use_logprob', 'did you mean use_logprobs?'],
    ['tasks.support.token_profile.in', 'there are input, output, cached_input'],
  ])('%s', (path, advice) => {
    const [problem] = problemsIn(withValue(path, 1)).filter((line) => line.includes('is not a setting here'));
    expect(problem).toContain(`${path}: is not a setting here`);
    expect(problem).toContain(advice);
  });

  it('in a stage that is an object', () => {
    expect(problemsIn(withValue('tasks.support.chain', ['small', { modle: 'large' }]))).toEqual([
      expect.stringMatching(/: tasks\.support\.chain\.1\.model: is missing: expected text$/),
      expect.stringMatching(
        /: tasks\.support\.chain\.1\.modle: is not a setting here: did you mean model\?$/,
      ),
    ]);
    expect(problemWith('tasks.support.chain', ['small', { model: 'large', treshold: 1 }])).toBe(
      'tasks.support.chain.1.treshold: is not a setting here: did you mean threshold?',
    );
  });
});

describe('a key in the file', () => {
  const KEY = 'sk-proj-abcdef0123456789';
  it('is refused under api_key, and not told', () => {
    const problem = problemWith('providers.openai.api_key', KEY);
    expect(problem).toMatch(/^providers\.openai\.api_key: keys do not belong in this file: put the key/);
    expect(problem).toContain('api_key_env');
    expect(problem).not.toContain(KEY);
  });

  it.each([
    ['under api_key_env', 'providers.openai.api_key_env', KEY],
    [
      'under api_key_env, in a form of letters and digits',
      'providers.openai.api_key_env',
      'gsk_Ab12Cd34Ef56',
    ],
    ['in a header', 'providers.openai.headers.Authorization', `Bearer ${KEY}`],
    ['in a header of its own', 'providers.openai.headers.x-api-key', KEY],
    ['in the query', 'providers.openai.query.key', KEY],
    ['in place of the settings', 'providers.openai', KEY],
    ['as a setting', `providers.openai.${KEY}`, true],
    ['in the URL', 'providers.openai.base_url', `https://me:${KEY}@example.com/v1`],
    ['as the provider of a model', 'models.small.provider', KEY],
    ['as a number would be', 'models.small.max_output_tokens', KEY],
  ])('%s', (_where, path, value) => {
    const problems = problemsIn(withValue(path, value));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(String(value).split(/[ :]/).at(-1));
    expect(problems.join('\n')).not.toContain(KEY);
  });

  it('is not told where the YAML breaks', () => {
    const problems = problemsIn(`providers:\n  openai: { api_key: ${KEY}\nmodels: ]${KEY}\n`);
    expect(problems[0]).toContain('is not YAML');
    expect(problems.join('\n')).not.toContain(KEY);
  });
});

describe('a provider', () => {
  it('has a base_url that is none', () => {
    for (const url of ['localhost:8000/v1', 'not a url', 'ftp://example.com']) {
      expect(problemWith('providers.mine.base_url', url)).toBe(
        'providers.mine.base_url: expected a URL such as "http://localhost:8000/v1"',
      );
    }
  });

  it('has a base_url that goes too far', () => {
    expect(problemWith('providers.mine.base_url', 'http://localhost:8000/v1/chat/completions')).toContain(
      'must end before /chat/completions',
    );
    expect(problemWith('providers.mine.base_url', 'https://example.com/v1?api-version=1')).toContain(
      'write query parameters under query',
    );
  });

  it('is of no known vendor', () => {
    expect(problemWith('providers.opneai', {})).toBe(
      'providers.opneai: "opneai" is no known vendor (did you mean openai?): set its kind, or its base_url if it speaks OpenAI’s API',
    );
  });

  it('has an unknown kind', () => {
    expect(problemWith('providers.mine', { kind: 'vlm', base_url: 'http://localhost:1/v1' })).toMatch(
      /^providers\.mine\.kind: expected openai, .* \(did you mean vllm\?\)$/,
    );
  });

  it('needs an address, told where it is written', () => {
    expect(problemWith('providers.azure', {})).toMatch(
      /^providers\.azure: Azure OpenAI has no address of its own: set base_url under providers\.azure/,
    );
    expect(problemWith('models.small', { provider: 'ollama', price: 'unknown' })).toMatch(
      /^models\.small\.provider: Ollama has no address of its own: .* such as "http:\/\/localhost:11434\/v1"$/,
    );
  });

  it('is named by a model and unknown: told once, though a chain uses the model', () => {
    expect(problemWith('models.small.provider', 'acme')).toMatch(
      /^models\.small\.provider: there is no provider "acme": add it under providers with its base_url, or use one of openai, /,
    );
  });

  it('is wrong: told once, and not again for its models', () => {
    const text = withValue('providers', { azure: { api_key_env: 'AZURE_OPENAI_API_KEY' } }).replaceAll(
      'provider: openai',
      'provider: azure',
    );
    expect(problemsIn(text)).toEqual([expect.stringMatching(/providers\.azure: .*base_url/)]);
  });
});

describe('a model', () => {
  it('has a name with spaces', () => {
    expect(problemWith('models.my model', { provider: 'openai', id: 'gpt-5' })).toBe(
      'models.my model: expected a name of letters, digits and . _ - : /, at most 100',
    );
  });

  it('has no known price', () => {
    expect(problemWith('models.small.id', 'gpt-no-such')).toBe(
      'models.small: no price is known for "gpt-no-such" at OpenAI: check the id for a slip, or add price: { input_usd_per_mtok: …, output_usd_per_mtok: … }, or price: unknown',
    );
  });

  it('has no price on a server of one’s own, whatever its name', () => {
    expect(problemsIn(withValue('providers.openai', { base_url: 'http://localhost:1/v1' }))).toEqual(
      ['small', 'large', 'grader'].map(
        (model) => expect.stringContaining(`models.${model}: no price is known`) as string,
      ),
    );
  });

  it.each([
    ['half a price', { input_usd_per_mtok: 1 }, 'price.output_usd_per_mtok: is missing: expected dollars'],
    ['a number alone', 0.5, 'price: expected unknown, or input_usd_per_mtok'],
    ['a misspelt unknown', 'unkown', '(did you mean unknown?)'],
    [
      'a negative price',
      { input_usd_per_mtok: -1, output_usd_per_mtok: 1 },
      'price.input_usd_per_mtok: expected dollars',
    ],
    [
      'a price with a currency',
      { input_usd_per_mtok: '$1', output_usd_per_mtok: 1 },
      'input_usd_per_mtok: expected dollars',
    ],
    [
      'a date that is none',
      { input_usd_per_mtok: 1, output_usd_per_mtok: 1, from: '2026-02-30' },
      'price.from: expected a date or an instant in UTC, such as 2026-11-01',
    ],
    [
      'a discount that ends before it begins',
      [
        { input_usd_per_mtok: 1, output_usd_per_mtok: 1 },
        { input_usd_per_mtok: 1, output_usd_per_mtok: 1, from: '2026-11-02', until: '2026-11-01' },
      ],
      'price.1.until: is not after from',
    ],
    [
      'a rate in a tier alone',
      {
        input_usd_per_mtok: 1,
        output_usd_per_mtok: 1,
        tiers: [{ above_input_tokens: 200_000, cached_input_usd_per_mtok: 1 }],
      },
      'price.tiers: cached_input_usd_per_mtok is in a tier alone',
    ],
    [
      'a tier by the default’s name',
      {
        input_usd_per_mtok: 1,
        output_usd_per_mtok: 1,
        service_tiers: { default: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } },
      },
      'price.service_tiers.default: expected the name of a tier such as flex, batch or priority',
    ],
    [
      'a service tier without output',
      {
        input_usd_per_mtok: 1,
        output_usd_per_mtok: 1,
        service_tiers: { flex: { input_usd_per_mtok: 1 } },
      },
      'price.service_tiers.flex.output_usd_per_mtok: is missing: expected dollars',
    ],
  ])('has %s', (_what, price, message) => {
    expect(problemWith('models.small.price', price)).toContain(message);
  });

  it.each([
    ['model', 'gpt-5', 'names the models'],
    ['messages', [], 'they come with each query'],
    ['stream', true, 'set "stream" on the model'],
    ['stream_options', {}, 'set "stream" on the model'],
    ['n', 3, 'must be 1'],
  ])('sets the parameter %s', (key, value, advice) => {
    expect(problemWith(`models.small.parameters.${key}`, value)).toContain(advice);
    expect(problemWith(`tasks.support.parameters.${key}`, value)).toMatch(
      new RegExp(`^tasks\\.support\\.parameters\\.${key}: `),
    );
    expect(
      problemWith('tasks.support.chain', ['small', { model: 'large', parameters: { [key]: value } }]),
    ).toMatch(new RegExp(`^tasks\\.support\\.chain\\.1\\.parameters\\.${key}: `));
  });

  it('may write n: 1', () => {
    expect(problemsIn(withValue('models.small.parameters.n', 1))).toEqual([]);
  });

  it.each(['30', 30, '30 s', '0s', '25h', '1d', '-5s', ''])('has a timeout of %j', (timeout) => {
    expect(problemWith('models.small.timeout', timeout)).toBe(
      'models.small.timeout: expected a duration such as "500ms", "30s" or "2m", from 1ms to 24h',
    );
  });

  it.each([
    [0, 'expected at least 1'],
    [21, 'expected at most 20'],
    [1.5, 'expected a whole number'],
    ['3', 'expected a number, found text: write it without quotes or units'],
  ])('has max_attempts %j', (value, message) => {
    expect(problemWith('models.small.max_attempts', value)).toContain(message);
  });
});

describe('a threshold', () => {
  it.each([1.2, -1, 80, Number.NaN, Number.POSITIVE_INFINITY])('of %d', (threshold) => {
    expect(problemWith('tasks.support.threshold', threshold)).toMatch(
      /^tasks\.support\.threshold: .*expected a number/,
    );
  });

  it('with a percent sign, or in quotes', () => {
    for (const threshold of ['80%', '0.8']) {
      expect(problemWith('tasks.support.threshold', threshold)).toBe(
        'tasks.support.threshold: expected a number, found text: write it without quotes or units',
      );
    }
  });

  it('of a stage', () => {
    expect(problemWith('tasks.support.chain', [{ model: 'small', threshold: 1.2 }, 'large'])).toBe(
      'tasks.support.chain.0.threshold: a threshold is a probability: expected a number from 0 to 1',
    );
  });

  it('that is missing everywhere', () => {
    expect(problemWith('tasks.support.threshold', undefined)).toBe(
      'tasks.support.threshold: is missing: expected a number from 0 to 1, here or at every stage of the chain',
    );
  });

  it('that is missing at one stage', () => {
    const text = withValue('tasks.support.threshold', undefined).replace(
      '- small',
      '- { model: small, threshold: 1 }',
    );
    expect(problemsIn(text)).toEqual([
      expect.stringMatching(/^\d+: tasks\.support\.chain\.1: has no threshold: .* the last one included$/),
    ]);
  });

  it('outside [0, 1] never passes, at a task or at a stage', () => {
    const outside = fc.oneof(
      fc.double({ min: 1, minExcluded: true }),
      fc.double({ max: -Number.MIN_VALUE }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(outside, (threshold) => {
        expect(problemsIn(withValue('tasks.support.threshold', threshold))).toHaveLength(1);
        expect(problemsIn(withValue('tasks.support.chain', [{ model: 'small', threshold }]))).toHaveLength(1);
      }),
    );
  });

  it('inside [0, 1] always passes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (threshold) => {
        expect(problemsIn(withValue('tasks.support.threshold', threshold))).toEqual([]);
      }),
    );
  });
});

describe('a chain', () => {
  it('is empty', () => {
    expect(problemWith('tasks.support.chain', [])).toBe(
      'tasks.support.chain: the chain is empty: name at least one model',
    );
  });

  it('is a text', () => {
    expect(problemWith('tasks.support.chain', 'small')).toBe(
      'tasks.support.chain: expected a list, found text',
    );
  });

  it('names an unknown model', () => {
    expect(problemWith('tasks.support.chain', ['smal', 'large'])).toBe(
      'tasks.support.chain.0: there is no model "smal" under models: did you mean small?',
    );
    expect(problemWith('tasks.support.chain', ['constructor'])).toBe(
      'tasks.support.chain.0: there is no model "constructor" under models: add it there, or use one of small, large, grader',
    );
  });

  it('has an entry that is no name', () => {
    expect(problemWith('tasks.support.chain', ['small', 5])).toMatch(
      /^tasks\.support\.chain\.1: expected a model’s name/,
    );
  });

  it('is not in ascending price order', () => {
    expect(problemWith('tasks.support.chain', ['large', 'small'])).toBe(
      "tasks.support.chain.1: the chain is not in ascending price order: small ($0.1375) stands after large ($3.44), per million tokens at the task's token profile: put the cheaper one first",
    );
  });

  it('has the same model twice', () => {
    expect(problemWith('tasks.support.chain', ['small', { model: 'small' }, 'large'])).toBe(
      'tasks.support.chain.1: small is in the chain already: a model is asked once; take one of them out',
    );
  });

  it('is ordered at the task’s own token profile', () => {
    const models = {
      reader: { provider: 'openai', price: { input_usd_per_mtok: 1, output_usd_per_mtok: 10 } },
      writer: { provider: 'openai', price: { input_usd_per_mtok: 3, output_usd_per_mtok: 3 } },
    };
    const task = { chain: ['reader', 'writer'], threshold: 0.5, scorer: 'constant' };
    const at = (profile: unknown) =>
      problemsIn(stringify({ models, tasks: { t: { ...task, token_profile: profile } } }));
    expect(at({ input: 9, output: 1 })).toEqual([]);
    expect(at({ input: 1, output: 9 })).toEqual([expect.stringContaining('not in ascending price order')]);
  });
});

describe('a token profile', () => {
  it('has more cached tokens than input', () => {
    expect(problemWith('tasks.support.token_profile', { input: 1, output: 1, cached_input: 2 })).toBe(
      'tasks.support.token_profile.cached_input: is more than input, of which it is a part',
    );
  });

  it('is half of one', () => {
    expect(problemWith('tasks.support.token_profile', { input: 1 })).toBe(
      'tasks.support.token_profile.output: is missing: expected a number',
    );
  });

  it('has no tokens', () => {
    expect(problemWith('tasks.support.token_profile', { input: 0, output: 1 })).toBe(
      'tasks.support.token_profile.input: expected more than 0',
    );
  });
});

describe('a limit on cost', () => {
  it('is no amount', () => {
    for (const limit of [-1, '1 dollar', true, '0.0000000000001']) {
      expect(problemWith('tasks.support.max_cost_per_query_usd', limit)).toContain(
        'expected dollars from 0 to a million',
      );
    }
  });

  it('with a model of unknown price', () => {
    const text = withValue('tasks.support.max_cost_per_query_usd', 1).replace(
      'id: gpt-5-nano',
      'price: unknown',
    );
    expect(problemsIn(text)).toEqual([
      expect.stringMatching(
        /: tasks\.support\.max_cost_per_query_usd: cannot hold: small has no known price: give it a price, or take the limit on cost away$/,
      ),
    ]);
  });

  it('with a model without a limit on output: told once, though it is stage and judge', () => {
    const text = withValue('tasks.support.max_cost_per_query_usd', 1)
      .replace('id: gpt-5-nano\n    max_output_tokens: 1000', 'id: gpt-5-nano')
      .replace('model: grader', 'model: small');
    expect(problemsIn(text)).toEqual([
      expect.stringMatching(/cannot hold: small has no limit on output tokens: set max_output_tokens/),
    ]);
  });

  it('with a limit on output that is no number', () => {
    const text = withValue('tasks.support.max_cost_per_query_usd', 1).replace(
      'max_output_tokens: 1000',
      'parameters: { max_tokens: "many" }',
    );
    expect(problemsIn(text)).toEqual([
      expect.stringContaining('max_tokens: expected a whole number of tokens, from 1 to'),
    ]);
  });

  it('with a web search, whose input nothing bounds', () => {
    const text = withValue('tasks.support.max_cost_per_query_usd', 1).replace(
      'id: gpt-5-nano',
      'id: gpt-5-nano\n    parameters: { web_search_options: {} }',
    );
    expect(problemsIn(text)).toEqual([expect.stringContaining('adds input of any length')]);
  });
});

describe('a budget', () => {
  it('is no amount, no known setting, no known choice', () => {
    expect(problemWith('tasks.support.budget', { per_day_usd: -1 })).toContain(
      'expected dollars from 0 to a million',
    );
    expect(problemWith('tasks.support.budget', { per_week_usd: 1 })).toContain('is not a setting here');
    expect(problemWith('tasks.support.budget', { at_limit: 'cheap' })).toContain(
      'tasks.support.budget.at_limit',
    );
    expect(problemWith('tenants', { acme: {} })).toContain(
      'tenants.acme: has no limit: set per_day_usd or per_month_usd',
    );
    expect(problemWith('tenants', { acme: { per_day_usd: 1, at_limit: 'fail' } })).toContain(
      'is not a setting here',
    );
  });

  const withoutPrice = (text: string): string => text.replace('id: gpt-5-nano', 'price: unknown');

  it('of a task with a model of unknown price', () => {
    expect(problemsIn(withoutPrice(withValue('tasks.support.budget', { per_month_usd: 5 })))).toEqual([
      expect.stringMatching(/: tasks\.support\.budget: cannot hold: small has no known price/),
    ]);
    expect(problemsIn(withoutPrice(withValue('tasks.support.budget', { at_limit: 'fail' })))).toEqual([]);
  });

  it('of tenants with a judge without a limit on output, told with its task', () => {
    const text = withValue('tenants', { '*': { per_day_usd: 5 } }).replace(
      'id: gpt-5-mini\n    max_output_tokens: 1000',
      'id: gpt-5-mini',
    );
    expect(problemsIn(text)).toEqual([
      expect.stringMatching(
        /: tenants: cannot hold for tasks\.support: grader has no limit on output tokens/,
      ),
    ]);
  });
});

describe('an answer', () => {
  it.each([
    ['numbre', '(did you mean number?)'],
    ['label', 'expected open, text, number, { json: /pointer }'],
    [{ label: ['a', 'b'] }, '(did you mean labels?)'],
    [{ labels: ['a'] }, 'answer.labels: expected at least two labels'],
    [{ labels: ['a', 'A'] }, 'answer.labels: has the same label twice'],
    [{ labels: [1, 'b'] }, 'answer.labels.0: expected text: put it in quotes'],
    [{ labels: ['a', 'b'], normalise: 'loose' }, 'answer.normalise: is not a setting here'],
    [{ json: 'answer' }, 'answer.json: expected a JSON pointer such as /answer'],
    [
      { json: '/a', normalise: 'lose' },
      'answer.normalise: expected none, loose, number (did you mean loose?)',
    ],
    [{ regex: '(' }, 'answer.regex: is no JavaScript regular expression'],
    [{}, 'expected open, text, number'],
    [7, 'expected open, text, number'],
  ])('of %j', (answer, message) => {
    expect(problemWith('tasks.support.answer', answer)).toContain(message);
  });
});

describe('a scorer', () => {
  it('is missing', () => {
    expect(problemWith('tasks.support.scorer', undefined)).toBe(
      'tasks.support.scorer: is missing: expected the name of a scorer, or { name: …, and its options }',
    );
  });

  it('is unknown', () => {
    expect(problemWith('tasks.support.scorer', 'juge')).toMatch(
      /^tasks\.support\.scorer: there is no scorer "juge"\. Did you mean "judge"\?/,
    );
  });

  it('has no name', () => {
    expect(problemWith('tasks.support.scorer', { model: 'grader' })).toBe(
      'tasks.support.scorer.name: is missing: expected text',
    );
  });

  it('lacks an option', () => {
    expect(problemWith('tasks.support.scorer', 'judge')).toBe(
      'tasks.support.scorer.model: is missing: expected text',
    );
  });

  it('has wrong options, each told with its line', () => {
    const text = GOOD.replace(
      '    scorer: { name: judge, model: grader }',
      '    answer: number\n    scorer:\n      name: agreement\n      prior: 0\n      priro: 2',
    );
    expect(problemsIn(text)).toEqual([
      '13: tasks.support.scorer.prior: expected more than 0',
      '14: tasks.support.scorer.priro: is not a setting here: did you mean prior?',
    ]);
  });

  it('names an unknown model', () => {
    expect(problemWith('tasks.support.scorer.model', 'graders')).toBe(
      'tasks.support.scorer.model: there is no model "graders" under models: did you mean grader?',
    );
  });

  it('looks for agreement between open-ended answers', () => {
    expect(problemWith('tasks.support.scorer', 'agreement')).toMatch(
      /^tasks\.support\.scorer: open-ended answers never agree: set answer/,
    );
  });

  it('looks for an answer in an open-ended task', () => {
    expect(problemWith('tasks.support.scorer', { name: 'validator', regex: '^x' })).toMatch(
      /^tasks\.support\.scorer: an open-ended task has no answer for regex to look at: set "on: text"/,
    );
    expect(
      problemsIn(withValue('tasks.support.scorer', { name: 'validator', regex: '^x', on: 'text' })),
    ).toEqual([]);
  });

  it('can never reach the threshold before the last stage', () => {
    const task = { chain: ['small', 'grader', 'large'], scorer: 'agreement', answer: 'number' };
    const at = (threshold: number) => problemsIn(withValue('tasks.support', { ...task, threshold }));
    expect(at(0.9)).toEqual([
      expect.stringMatching(
        /tasks\.support\.threshold: agreement never reaches it .*: 2 of 2 equal answers have a confidence of 0\.666\. Lower it to 0\.666 or less/,
      ),
    ]);
    expect(at(0.666)).toEqual([]);
    expect(at(1)).toEqual([]);
  });
});

describe('other settings of a task', () => {
  it('has a retention that is none', () => {
    expect(problemWith('tasks.support.retention', 'ful')).toBe(
      'tasks.support.retention: expected full, hash, none (did you mean full?)',
    );
  });

  it('has a deadline without a unit', () => {
    expect(problemWith('tasks.support.deadline', 30)).toMatch(
      /^tasks\.support\.deadline: expected a duration/,
    );
  });
});
