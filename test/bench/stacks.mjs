// The stack files and the image that both sides run: a busybox image as a docker-archive, and stacks of n sleepers.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const image = 'berth-bench/busybox:1'

/** Writes a stack of `count` services that only sleep; answers the file's path. */
export function sleepers(folder, count) {
  const services = Array.from(
    { length: count },
    (_, i) => `  s${i}:\n    image: ${image}\n    command: [sleep, "1000000"]\n    stop_grace_period: 1s\n`,
  )
  return write(folder, `up${count}`, `name: bench${count}\nservices:\n${services.join('')}`)
}

/** One service that is killed for memory: as a whole, or only a child of its main process. */
export function hog(folder, kind) {
  const eat = 'x=a; while :; do x=$$x$$x; done'
  const script =
    kind === 'child' ? `echo up; while :; do sleep 0.2; sh -c '${eat}'; sleep 1000; done` : `echo up; sleep 0.2; ${eat}`
  return write(
    folder,
    `hog-${kind}`,
    `name: benchhog${kind}\nservices:\n  hog:\n    image: ${image}\n    command: [sh, -c, ${JSON.stringify(script)}]\n    mem_limit: 32m\n    memswap_limit: 32m\n    restart: always\n`,
  )
}

/** Builds the image's docker-archive from Debian's static busybox; answers its path. */
export function busyboxArchive(folder) {
  const [tree, archive] = [join(folder, 'tree'), join(folder, 'archive')]
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root'])
    mkdirSync(join(tree, name), { recursive: true })
  cpSync('/bin/busybox', join(tree, 'bin', 'busybox'))
  for (const applet of ['sh', 'sleep', 'echo', 'true', 'cat', 'ls', 'ps'])
    symlinkSync('busybox', join(tree, 'bin', applet))
  writeFileSync(join(tree, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(tree, 'etc', 'group'), 'root:x:0:\n')
  mkdirSync(archive)
  const layer = execFileSync('tar', ['-C', tree, '--numeric-owner', '--owner=0', '--group=0', '-c', '.'], {
    maxBuffer: 1 << 28,
  })
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  })
  writeFileSync(join(archive, 'layer.tar'), layer)
  writeFileSync(join(archive, `${sha256(config)}.json`), config)
  writeFileSync(
    join(archive, 'manifest.json'),
    JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: [image], Layers: ['layer.tar'] }]),
  )
  const path = join(folder, 'busybox.tar')
  execFileSync('tar', ['-C', archive, '-cf', path, '.'])
  return path
}

function write(folder, name, text) {
  const dir = join(folder, name)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'compose.yaml'), text)
  return join(dir, 'compose.yaml')
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex')
}
