import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type TarItem, tar } from './tar-writer.ts'

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')

/** A layer with Debian's static busybox. */
export const busyboxLayer = (): Buffer =>
  tar(
    { name: 'bin', flag: '5' },
    { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    // dockerd gives the file what its last link says.
    { name: 'bin/sh', flag: '1', link: 'bin/busybox', mode: 0o755 },
  )

/** A layer over it: a file more, and /bin/sh gone. */
export const upperLayer = tar(
  { name: 'etc', flag: '5' },
  { name: 'etc/motd', content: 'hello' },
  { name: 'bin/.wh.sh', content: '' },
)

export interface ArchiveLies {
  readonly diffIds?: readonly string[]
  readonly configName?: string
}

/** The configuration of an image with these layers. */
export function imageConfig(layers: readonly Buffer[], diffIds?: readonly string[]): string {
  return JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '2026-01-02T03:04:05Z',
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { part: 'test' } },
    rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map(layer => `sha256:${sha256(layer)}`) },
    history: layers.map((_, i) => ({ created_by: `layer ${i}` })),
  })
}

/** A docker-archive, as `docker save` wrote them before version 25. */
export function dockerArchive(layers: readonly Buffer[], names: readonly string[], lies: ArchiveLies = {}): Buffer {
  const config = imageConfig(layers, lies.diffIds)
  const configName = lies.configName ?? `${sha256(config)}.json`
  const paths = layers.map((_, i) => `${i}/layer.tar`)
  return tar(
    ...layers.map((content, i): TarItem => ({ name: paths[i] ?? '', content })),
    { name: configName, content: config },
    { name: 'manifest.json', content: JSON.stringify([{ Config: configName, RepoTags: names, Layers: paths }]) },
  )
}
