import { appendFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import { annotations, artifactTypes } from '../publish/artifact.ts'
import { Distribution } from '../registry/distribution.ts'

const Layer = z.object({
  mediaType: z.string(),
  digest: z.string(),
  annotations: z.optional(z.record(z.string(), z.string())),
})
const Manifest = z.object({
  artifactType: z.optional(z.string()),
  config: z.object({ mediaType: z.string() }),
  layers: z.array(Layer),
})

/**
 * Fetches a published stack into `cacheDir` and answers its stack file: `compose.yaml` with the merged files as its documents, and beside it the
 * files that these name. What is there already, by digest, is not fetched again.
 */
export async function fetchOci(
  env: Readonly<Record<string, string | undefined>>,
  address: string,
  cacheDir: string,
  signal: AbortSignal,
): Promise<string> {
  const registry = await Distribution.open(env, address.slice('oci://'.length), 'pull', signal)
  const { content, digest } = await registry.manifest([artifactTypes.manifest, artifactTypes.index])
  const folder = join(cacheDir, digest.slice('sha256:'.length))
  const stackFile = join(folder, 'compose.yaml')
  if (await exists(stackFile)) return stackFile
  const manifest = parseManifest(content)
  if (manifest === undefined) throw new BerthError('INVALID_ARGUMENT', `${address} is not a published stack`)

  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  const temporary = await mkdtemp(join(cacheDir, 'fetch-'))
  try {
    for (const [index, layer] of manifest.layers.entries()) {
      const file = await registry.blob(layer.digest)
      const name = fileName(layer, address)
      if (name === undefined) continue
      if (name !== 'compose.yaml') await writeFile(join(temporary, name), file, { mode: 0o600 })
      else await appendFile(join(temporary, name), index > 0 ? Buffer.concat([Buffer.from('\n---\n'), file]) : file)
    }
    if (!manifest.layers.some(isMerged))
      throw new BerthError('INVALID_ARGUMENT', `${address} is a stack without a stack file`)
    await rename(temporary, folder).catch(async error => {
      // Another command was quicker.
      if (!(await exists(stackFile))) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return stackFile
}

/** Undefined for what is no stack: other artifacts, images, and what is no manifest. */
function parseManifest(content: Buffer): z.infer<typeof Manifest> | undefined {
  try {
    const manifest = z.parse(Manifest, JSON.parse(content.toString()))
    const { artifactType, config } = manifest
    const isStack = artifactType === artifactTypes.project || config.mediaType === artifactTypes.oldConfig
    return isStack ? manifest : undefined
  } catch {
    return undefined
  }
}

const isMerged = ({ mediaType, annotations: notes = {} }: z.infer<typeof Layer>): boolean =>
  mediaType === artifactTypes.file && notes[annotations.extends] === undefined

/** Name of a layer's file below the cache; a publisher has no say in where that is. undefined = not one of a stack's. */
function fileName(layer: z.infer<typeof Layer>, address: string): string | undefined {
  const { mediaType, annotations: notes = {}, digest } = layer
  if (mediaType !== artifactTypes.file && mediaType !== artifactTypes.envFile) return undefined
  if (isMerged(layer)) return 'compose.yaml'
  const name = notes[mediaType === artifactTypes.file ? annotations.file : annotations.envFile] ?? ''
  if (/^[\w-][\w.-]*$/.test(name) && name !== 'compose.yaml') return name
  throw new BerthError(
    'INVALID_ARGUMENT',
    `the layer ${digest} of ${address} has the file name ${JSON.stringify(name)}`,
    {
      hint: 'a file of a published stack lies in no other folder',
    },
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
