import type { ImageDifference, WastedFile } from '../../schemas/api/berth.ts'

/** One entry of a layer, as OCI's layer format has it: paths without a slash at either end, `` is the root. */
export interface LayerEntry {
  readonly path: string
  readonly type: 'file' | 'directory' | 'link' | 'symlink' | 'other'
  /** Bytes of content; 0 for anything but files. */
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Of links. */
  readonly target: string
  /** `removed`: the path is gone in this layer; `opaque`: what lower layers have in this folder is gone. */
  readonly hides?: 'removed' | 'opaque'
}

interface Node extends LayerEntry {
  /** Number of the layer that it comes from; 1 is the lowest. */
  readonly layer: number
}

export type Tree = ReadonlyMap<string, Node>

export interface LayerCount {
  size: number
  added: number
  changed: number
  removed: number
  wasted: number
}

export interface StackedLayers {
  readonly tree: Tree
  readonly counts: readonly LayerCount[]
  readonly wasted: readonly WastedFile[]
}

/** Puts layers on each other, lowest first: the files that are seen in the end, and what became of the others. Pure. */
export function stackLayers(layers: readonly (readonly LayerEntry[])[]): StackedLayers {
  const tree = new Map<string, Node>()
  const counts = layers.map((): LayerCount => ({ size: 0, added: 0, changed: 0, removed: 0, wasted: 0 }))
  const wasted: WastedFile[] = []
  const hide = (node: Node, by: number, why: WastedFile['Why']): void => {
    const count = counts[node.layer - 1]
    if (count === undefined || node.size === 0) return
    count.wasted += node.size
    wasted.push({ Path: `/${node.path}`, Size: node.size, Layer: node.layer, HiddenBy: by, Why: why })
  }
  layers.forEach((entries, at) => {
    const layer = at + 1
    const count = counts[at] as LayerCount
    // Whiteouts are about lower layers only, wherever they stand in the archive.
    for (const { path, hides } of entries) {
      if (hides === undefined) continue
      for (const node of below(tree, path, hides === 'removed')) {
        tree.delete(node.path)
        count.removed++
        hide(node, layer, 'removed')
      }
    }
    for (const entry of entries) {
      if (entry.hides !== undefined) continue
      count.size += entry.size
      const old = tree.get(entry.path)
      tree.set(entry.path, { ...entry, layer })
      if (old === undefined) count.added++
      // Folders come again with everything that is in them.
      else if (old.layer !== layer && !(old.type === 'directory' && entry.type === 'directory')) {
        count.changed++
        hide(old, layer, 'replaced')
      }
      if (old?.type === 'directory' && entry.type !== 'directory') {
        for (const node of below(tree, entry.path, false)) {
          tree.delete(node.path)
          hide(node, layer, 'removed')
        }
      }
    }
  })
  return { tree, counts, wasted: wasted.sort((left, right) => right.Size - left.Size) }
}

/** What differs between two trees, by path. Times alone are no difference for folders and links. Pure. */
export function compareTrees(from: Tree, to: Tree): ImageDifference[] {
  const differences: ImageDifference[] = []
  for (const [path, { size }] of from) {
    if (!to.has(path)) differences.push({ Kind: 'D', Path: `/${path}`, Size: size, What: [] })
  }
  for (const [path, node] of to) {
    const old = from.get(path)
    const what = old === undefined ? [] : differenceOf(old, node)
    if (old === undefined || what.length > 0) {
      differences.push({ Kind: old === undefined ? 'A' : 'C', Path: `/${path}`, Size: node.size, What: what })
    }
  }
  return differences.sort((left, right) => (left.Path < right.Path ? -1 : 1))
}

function differenceOf(old: LayerEntry, node: LayerEntry): string[] {
  if (old.type !== node.type) return ['type']
  const isOtherFile = node.type === 'file' && (old.size !== node.size || old.mtime !== node.mtime)
  return [
    ...(isOtherFile ? ['content'] : []),
    ...(old.target === node.target ? [] : ['target']),
    ...(old.mode === node.mode || node.type === 'symlink' ? [] : ['mode']),
    ...(old.uid === node.uid && old.gid === node.gid ? [] : ['owner']),
  ]
}

/** The nodes of a subtree. */
function below(tree: ReadonlyMap<string, Node>, path: string, includesItself: boolean): Node[] {
  const prefix = path === '' ? '' : `${path}/`
  return [...tree.values()].filter(node => (node.path === path ? includesItself : node.path.startsWith(prefix)))
}
