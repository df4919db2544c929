import type { Plan } from './plan.ts'

/** Addresses at which every other machine that reaches this one reaches a port. */
const everywhere = new Set(['', '0.0.0.0', '::'])

/** Published ports go past the firewall's rules for the host itself, so a plan says which of them it opens to the world. */
export function openPortWarnings({ ops }: Plan): readonly string[] {
  const open = new Set<string>()
  for (const op of ops) {
    if (op.kind !== 'container.create') continue
    const { HostConfig: { PortBindings = {}, NetworkMode } = {} } = op.body
    if (NetworkMode === 'host') continue
    for (const [port, bindings] of Object.entries(PortBindings ?? {})) {
      for (const { HostIp = '', HostPort = '' } of bindings ?? [])
        if (everywhere.has(HostIp)) open.add(`${op.service} ${HostPort === '' ? 'a free port' : HostPort} -> ${port}`)
    }
  }
  if (open.size === 0) return []
  const [example = ''] = open
  const port = /\d+/.exec(example)?.[0] ?? '8080'
  return [
    `open to every machine that reaches this one: ${[...open].join(', ')}; "127.0.0.1:${port}:..." keeps a port to this host`,
  ]
}
