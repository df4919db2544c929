import { isAbsolute, join, posix } from 'node:path'
import type { Node } from '../yaml/node.ts'
import { scalarNode } from '../yaml/node.ts'
import type { CanonicalContext, Handler } from './handler.ts'

/** A path of the host, from the folder that its file counts from; `~` is the caller's home. Windows paths stay as they are. */
export function absoluteHostPath(path: string, node: Pick<Node, 'mark'>, context: CanonicalContext): string {
  if (!context.resolvePaths || path === '') return path
  const scope = node.mark?.source.scope
  const expanded = expandHome(path, (scope?.env ?? context.env).get('HOME'))
  if (isAbsolute(expanded) || isWindowsPath(expanded)) return expanded
  return withoutSlash(join(scope?.baseDir ?? context.projectDir, expanded))
}

export const hostPath: Handler = (node, { context }) =>
  node.kind === 'scalar' && typeof node.value === 'string'
    ? scalarNode(absoluteHostPath(node.value, node, context), node.mark)
    : node

/** A build context: a folder, unless it is an address or another service. */
export function absoluteContext(text: string, node: Node, context: CanonicalContext): string {
  return isRemote(text) ? text : absoluteHostPath(text, node, context)
}

function isRemote(text: string): boolean {
  return text.includes('://') || /^(?:service:|github\.com\/|git@)/.test(text)
}

export function isWindowsPath(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\')
}

/** A path in a container: cleaned, so that `/x` and `/x/` are one target. */
export function cleanTarget(path: string): string {
  if (path === '') return ''
  return withoutSlash(posix.normalize(path))
}

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

function expandHome(path: string, home: string | undefined): string {
  if (home === undefined || (path !== '~' && !path.startsWith('~/'))) return path
  return join(home, path.slice(1))
}
