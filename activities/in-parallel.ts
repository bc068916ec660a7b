/** Runs a job for each item, so many at a time; results in the items' order. Rejects with the first job that does. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  job: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await job(item);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}
