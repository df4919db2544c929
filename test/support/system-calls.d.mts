export function countCalls(words: readonly string[]): number | undefined
