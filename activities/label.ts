import { activityInfo } from '@temporalio/activity';
import { parseFeedback, type Feedback, type Labelled } from '../core/feedback.ts';
import { whyNotLabelled } from '../ledger/label-query.ts';
import { cannotPlan } from './failures.ts';
import type { Ports } from './ports.ts';

/** Labels a query's answer. @throws {ApplicationFailure} `escalier.bad-request` where that cannot be done, and why. */
export async function label(ports: Ports, input: Feedback): Promise<Labelled> {
  const refused = (message: string, queryId: string | null = null): Error =>
    cannotPlan('bad-request', message, { queryId, task: null });
  const parsed = parseFeedback(input);
  if ('problems' in parsed) throw refused(`the feedback is none: ${parsed.problems.join('; ')}`);
  const { feedback } = parsed;
  const done = await ports.ledger.labelQuery(activityInfo().namespace, feedback);
  switch (done.type) {
    case 'labelled': {
      const { queryId, correct, responses } = done;
      return { queryId, correct, responses };
    }
    case 'unknown':
    case 'unanswered':
    case 'no-response':
    case 'not-retained':
      throw refused(whyNotLabelled(done, feedback.query), 'queryId' in done ? done.queryId : null);
  }
}
