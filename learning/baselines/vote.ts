/**
 * The response that a majority vote of a query's responses serves: the first one of the answer that most of them gave. Of
 * answers with equally many votes the one with the newest response wins, as it has the dearest model's word; without any
 * answer it is the newest response.
 * @param answers of the responses in the order they were bought, null where one holds no answer.
 * @returns the response's place in the list; −1 where it is empty.
 */
export function majorityVote(answers: readonly (string | null)[]): number {
  const votes = new Map<string, number>();
  for (const answer of answers) if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  let winner: string | null = null;
  for (const answer of answers) {
    if (answer !== null && (votes.get(answer) ?? 0) >= (winner === null ? 0 : (votes.get(winner) ?? 0)))
      winner = answer;
  }
  return winner === null ? answers.length - 1 : answers.indexOf(winner);
}
