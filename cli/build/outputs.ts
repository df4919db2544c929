import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { imageRootfs, saveImages } from '../client/images.ts'
import { fieldsOf } from '../plan/build-cache.ts'
import { saveLayout } from './keep-cache.ts'

/** Where a build's result goes besides, or in place of, the engine's store. `dest` undefined: standard output. */
export type BuildOutput =
  /** An archive that `load` takes, or (`isFolder`) an OCI layout. */
  | { readonly kind: 'archive'; readonly dest: string | undefined; readonly isFolder: boolean }
  /** The file tree, as a tar or as a folder. */
  | { readonly kind: 'tar'; readonly dest: string | undefined }
  | { readonly kind: 'local'; readonly dest: string }
  /** The engine's store, with a push or without. */
  | { readonly kind: 'image'; readonly isPushed: boolean }

/** `--output`: `type=docker|oci|tar|local|image|registry,dest=…`, a folder, or `-` for a tar. Throws USAGE. */
export function parseOutput(text: string, cwd: string): BuildOutput {
  if (text === '-') return { kind: 'tar', dest: undefined }
  if (!text.includes('=')) return { kind: 'local', dest: resolve(cwd, text) }
  const fields = fieldsOf(text)
  const { type = '', dest = '' } = fields
  const path = dest === '' || dest === '-' ? undefined : resolve(cwd, dest)
  switch (type) {
    case 'docker':
      // Without a place it is the engine's own store, as with BuildKit.
      return dest === '' ? { kind: 'image', isPushed: false } : { kind: 'archive', dest: path, isFolder: false }
    case 'oci':
      return { kind: 'archive', dest: path, isFolder: fields['tar'] === 'false' }
    case 'tar':
      return { kind: 'tar', dest: path }
    case 'local':
      if (path === undefined) throw new BerthError('USAGE', `--output ${text}: dest= is missing`)
      return { kind: 'local', dest: path }
    case 'image':
      return { kind: 'image', isPushed: fields['push'] === 'true' }
    case 'registry':
      return { kind: 'image', isPushed: true }
    default:
      throw new BerthError(
        'USAGE',
        `--output ${text}: expected a type of docker, oci, tar, local, image, registry; found ${JSON.stringify(type)}`,
      )
  }
}

/** Writes what was built. `reference`: a name of the image, which an archive keeps, or its id. */
export async function writeOutput(
  client: EngineClient,
  reference: string,
  output: BuildOutput,
  stdout: Writable,
): Promise<void> {
  switch (output.kind) {
    case 'archive':
      if (output.isFolder && output.dest !== undefined) return saveLayout(client, reference, output.dest)
      return writeTo(await saveImages(client, [reference]), output.dest, stdout)
    case 'tar':
      return writeTo(await imageRootfs(client, reference), output.dest, stdout)
    case 'local': {
      await mkdir(output.dest, { recursive: true })
      return unpackTree(await imageRootfs(client, reference), output.dest)
    }
    case 'image':
      return
    default:
      return output satisfies never
  }
}

const writeTo = (source: NodeJS.ReadableStream, dest: string | undefined, stdout: Writable): Promise<void> =>
  dest === undefined ? pipeline(source, stdout, { end: false }) : pipeline(source, createWriteStream(dest))

/** By GNU tar: links of an image's tree lead to its own root, and libraries refuse those. Everything belongs to whoever builds. */
async function unpackTree(source: NodeJS.ReadableStream, folder: string): Promise<void> {
  const child = spawn('tar', ['-C', folder, '-xpf', '-', '--no-same-owner'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', chunk => (words = (words + String(chunk)).slice(-2000)))
  const ended = once(child, 'close') as Promise<[number | null]>
  const [sent, [code]] = await Promise.all([pipeline(source, child.stdin).catch((error: unknown) => error), ended])
  if (code !== 0) throw new BerthError('INTERNAL', `tar could not write to ${folder}: ${words.trim()}`)
  if (sent !== undefined) throw sent
}
