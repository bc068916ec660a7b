/** Whether a text is JSON, the whole of it. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The answer to the question, not a failure.
    return false;
  }
}
