/** A query's slices by the caller's tags, as `tag=value`: all of them, or those of the tags that are named. */
export function slicesOf(tags: Readonly<Record<string, string>>, only?: readonly string[]): string[] {
  return Object.entries(tags)
    .filter(([tag]) => only === undefined || only.includes(tag))
    .map(([tag, value]) => `${tag}=${value}`)
    .sort();
}
