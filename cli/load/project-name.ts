/** Lower case letters, digits, `-` and `_`, beginning with a letter or digit: what container and network names are made from. */
export function normalizeProjectName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
}

export function isProjectName(name: string): boolean {
  return name !== '' && normalizeProjectName(name) === name
}
