/** What a process imports that hosts a worker of its own. */
export {
  connectionProblem,
  startWorker,
  workerIdentity,
  type CascadeWorker,
  type CascadeWorkerOptions,
} from './worker.ts';
export { withLearnedScorers } from './learned-scorers.ts';
export { createPorts, missingKey, type PortsOptions } from './ports.ts';
export { installRuntime } from './runtime.ts';
export { parseMetricsAddress, type MetricsAddress } from './metrics-server.ts';
export { serveMetrics, type ServedMetrics } from './serve-metrics.ts';
