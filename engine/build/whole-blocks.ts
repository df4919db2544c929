const blockBytes = 512

/**
 * A tar whose last member is not filled up to a whole block: `docker build -f -` sends such a one (docker CLI 28, which never closes its writer), and
 * Go's reader takes it. What is no plain tar passes as it is.
 */
export async function* wholeBlocks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let start = Buffer.alloc(0)
  let size = 0
  for await (const piece of stream) {
    if (start.length < blockBytes) start = Buffer.concat([start, piece.subarray(0, blockBytes - start.length)])
    size += piece.length
    yield piece
  }
  const isTar = start.toString('latin1', 257, 262) === 'ustar'
  if (isTar && size % blockBytes !== 0) yield Buffer.alloc(blockBytes - (size % blockBytes))
}
