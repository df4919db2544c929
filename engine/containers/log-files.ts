import { type FileHandle, open, stat } from 'node:fs/promises'

const blockSize = 256 * 1024

/** One log file that is open, wherever it has been renamed to. */
export interface LogFile {
  readonly handle: FileHandle
  readonly inode: bigint
}

/** Opens a log file; undefined when there is none. */
export async function openLogFile(path: string): Promise<LogFile | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  const { ino } = await handle.stat({ bigint: true })
  return { handle, inode: ino }
}

/** Paths of the log's files that exist, oldest first: path.N … path.1, path. */
export async function listLogFiles(path: string): Promise<string[]> {
  const paths: string[] = []
  for (let i = 1; await exists(`${path}.${i}`); i++) paths.unshift(`${path}.${i}`)
  return [...paths, path]
}

async function exists(path: string): Promise<boolean> {
  return (await inodeOf(path)) !== undefined
}

export async function inodeOf(path: string): Promise<bigint | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined)
  return status?.ino
}

/** Reads from `position` to the present end, in pieces. */
export async function* readFrom(handle: FileHandle, position: number): AsyncGenerator<Buffer, void, undefined> {
  for (let at = position; ; ) {
    const block = Buffer.allocUnsafe(blockSize)
    const { bytesRead } = await handle.read(block, 0, blockSize, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield block.subarray(0, bytesRead)
  }
}

/**
 * Where the last `lines` lines of a file begin, read backwards in blocks; `found` is how many there are (fewer when the file is shorter).
 * An unfinished line at the end counts as none.
 */
export async function findTail(
  handle: FileHandle,
  lines: number,
): Promise<{ readonly offset: number; readonly found: number }> {
  const { size } = await handle.stat()
  if (lines === 0) return { offset: size, found: 0 }
  const block = Buffer.allocUnsafe(blockSize)
  // The newline that ends the last line begins no further one, so one more newline than lines is looked for.
  let newlines = 0
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockSize)
    const { bytesRead } = await handle.read(block, 0, end - start, start)
    for (
      let at = block.lastIndexOf(0x0a, bytesRead - 1);
      at >= 0;
      at = at === 0 ? -1 : block.lastIndexOf(0x0a, at - 1)
    ) {
      if (++newlines > lines) return { offset: start + at + 1, found: lines }
    }
    end = start
  }
  return { offset: 0, found: newlines }
}
