/** A piece of a pattern: a star, or the source of a regular expression for everything else. */
export type GlobPiece = typeof star | string
export const star = Symbol('*')

/**
 * Pieces as one source; `any` is what a star stands for one of. What follows a star in front of another one is looked for from the left, and taken where
 * it is found first (an atomic group): any other choice fits no more, and trying them all takes for ever with many stars and a long name.
 */
export function joinPieces(pieces: readonly GlobPiece[], any: string): string {
  let source = ''
  let groups = 0
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]
    if (typeof piece === 'string') {
      source += piece
      continue
    }
    const next = pieces.findIndex((other, index) => index > at && (other === star || endsSegment(other)))
    if (pieces[next] === star) {
      source += `(?=(${any}*?${pieces.slice(at + 1, next).join('')}))\\${++groups}`
      at = next - 1
    } else source += `${any}*`
  }
  return source
}

const anyFolders = '(?:.*/)?'
const anything = '.*'
const endsSegment = (piece: GlobPiece): boolean => piece === '\\/' || piece === anyFolders || piece === anything

/** Go's filepath.Match with `**` for any number of folders. */
export function globToRegExp(pattern: string): RegExp {
  const pieces: GlobPiece[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? ''
    if (character === '*' && pattern[at + 1] === '*') {
      at++
      const isFolders = pattern[at + 1] === '/'
      if (isFolders) at++
      const piece = isFolders ? anyFolders : anything
      // Twice the same says nothing more.
      if (pieces.at(-1) !== piece) pieces.push(piece)
    } else if (character === '*') pieces.push(star)
    else if (character === '?') pieces.push('[^/]')
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2)
      if (end === -1) pieces.push('\\[')
      else {
        pieces.push(`[${pattern.slice(at + 1, end).replace(/\\/g, '\\\\')}]`)
        at = end
      }
    } else if (character === '\\' && at + 1 < pattern.length) pieces.push(escapeText(pattern[++at] ?? ''))
    else pieces.push(escapeText(character))
  }
  try {
    return new RegExp(`^${joinPieces(pieces, '[^/]')}$`, 's')
  } catch {
    return new RegExp(`^${escapeText(pattern)}$`, 's')
  }
}

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
