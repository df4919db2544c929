/** Where a walker is in a tree; text is only made when somebody needs it. `undefined` is the root. */
export interface Path {
  readonly parent: Path | undefined
  readonly key: string | number
}

export function childPath(parent: Path | undefined, key: string | number): Path {
  return { parent, key }
}

export function pathOf(...keys: readonly (string | number)[]): Path | undefined {
  return keys.reduce<Path | undefined>((parent, key) => ({ parent, key }), undefined)
}

/** `services.web.ports[0]` */
export function pathText(path: Path | undefined): string {
  return pathKeys(path).reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? key : `${text}.${key}`
  }, '')
}

export function pathKeys(path: Path | undefined): (string | number)[] {
  const keys: (string | number)[] = []
  for (let at = path; at !== undefined; at = at.parent) keys.push(at.key)
  return keys.reverse()
}
