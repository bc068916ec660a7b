import { QUERY_COORDINATES, RESPONSE_COORDINATES } from '../evidence.ts';
import type { Feature } from './feature.ts';

/** Another model's opinion of the response. */
export const JUDGE_FEATURES: readonly Feature[] = [
  { name: 'judge-grade', bought: 'judge', of: ({ evidence }) => evidence.grade },
];

/** What query and response are about, as an embedder sees it. */
export const EMBEDDING_FEATURES: readonly Feature[] = [
  { name: 'embedding-cosine', bought: 'embedder', of: ({ evidence }) => evidence.embedding?.cosine ?? null },
  ...Array.from({ length: RESPONSE_COORDINATES }, (_, at): Feature => ({
    name: `embedding-response-${at}`,
    bought: 'embedder',
    of: ({ evidence }) => evidence.embedding?.response[at] ?? null,
  })),
  ...Array.from({ length: QUERY_COORDINATES }, (_, at): Feature => ({
    name: `embedding-query-${at}`,
    bought: 'embedder',
    of: ({ evidence }) => evidence.embedding?.query?.[at] ?? null,
  })),
];
