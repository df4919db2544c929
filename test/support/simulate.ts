import { label } from '../../cli/model/labels.ts'
import type { Observed, ObservedContainer } from '../../cli/observe/observed.ts'
import type { Op, Plan } from '../../cli/plan/plan.ts'

export const nothing = (project: string, images: Observed['images'] = {}): Observed => ({
  project,
  engine: { isBerth: true, apiVersion: '1.51' },
  containers: [],
  networks: {},
  volumes: {},
  images,
})

/**
 * An engine as a value: what is there after a plan, when every op goes well. It refuses what a real engine refuses (a name in use, a network
 * that is not there or still has containers), so a plan in a wrong order fails here.
 */
export function simulate(plan: Plan, before: Observed): Observed {
  let serial = 1000
  const containers = new Map(before.containers.map(container => [container.name, container]))
  const networks = { ...before.networks }
  const volumes = { ...before.volumes }
  const images = { ...before.images }
  const done = new Set<string>()
  const planned = new Set(plan.ops.map(op => op.key))
  const get = (name: string): ObservedContainer => containers.get(name) ?? fail(`no container ${name}`)
  const set = (name: string, change: Partial<ObservedContainer>): void => {
    containers.set(name, { ...get(name), ...change })
  }
  const run = (op: Op): void => {
    switch (op.kind) {
      case 'image.build':
      case 'image.pull':
        images[op.reference] = { id: `sha256:${op.reference}` }
        return
      case 'image.remove':
        delete images[op.reference]
        return
      case 'network.create': {
        if (networks[op.name] !== undefined) fail(`network ${op.name} exists`)
        const {
          Driver = 'bridge',
          Internal = false,
          Attachable = false,
          EnableIPv6 = false,
          Options = {},
          Labels = {},
          IPAM,
        } = op.body
        networks[op.name] = {
          id: `network-${serial++}`,
          name: op.name,
          driver: Driver,
          isInternal: Internal,
          isAttachable: Attachable,
          enableIpv6: EnableIPv6,
          options: Options,
          ipam: (IPAM?.Config ?? []).map(({ Subnet, Gateway, IPRange }) => ({
            subnet: Subnet,
            gateway: Gateway,
            ipRange: IPRange,
          })),
          labels: Labels,
        }
        return
      }
      case 'network.remove': {
        const user = [...containers.values()].find(container => container.networks[op.name] !== undefined)
        if (user !== undefined) fail(`network ${op.name} has active endpoints: ${user.name}`)
        delete networks[op.name]
        return
      }
      case 'volume.create':
        volumes[op.name] = {
          name: op.name,
          driver: op.body.Driver ?? 'local',
          options: op.body.DriverOpts ?? {},
          labels: op.body.Labels ?? {},
        }
        return
      case 'volume.remove':
        delete volumes[op.name]
        return
      case 'container.create': {
        if (containers.has(op.createName)) fail(`the name ${op.createName} is in use`)
        const { Labels: labels = {}, NetworkingConfig, Image = '' } = op.body
        const attached = Object.keys(NetworkingConfig?.EndpointsConfig ?? {})
        containers.set(op.createName, {
          id: `${serial++}`.padEnd(64, '0'),
          name: op.createName,
          service: op.service,
          number: op.number,
          isOneOff: labels[label.oneOff] === 'True',
          state: 'created',
          exitCode: undefined,
          image: Image,
          imageId: images[Image]?.id ?? Image,
          labels,
          networks: Object.fromEntries(attached.map(name => [name, networks[name]?.id ?? fail(`no network ${name}`)])),
          mounts: [],
          createdAtSeconds: serial,
        })
        return
      }
      case 'container.start':
      case 'container.restart':
        set(
          op.name,
          op.kind === 'container.start' && op.isJob ? { state: 'exited', exitCode: 0 } : { state: 'running' },
        )
        return
      case 'container.unpause':
        set(op.name, { state: 'running' })
        return
      case 'container.pause':
        set(op.name, { state: 'paused' })
        return
      case 'container.stop':
        set(op.name, { state: 'exited' })
        return
      case 'container.kill':
        set(op.name, { state: 'exited', exitCode: 137 })
        return
      case 'container.remove':
        get(op.name)
        containers.delete(op.name)
        return
      case 'container.rename': {
        if (containers.has(op.name)) fail(`the name ${op.name} is in use`)
        const container = get(op.from)
        containers.delete(op.from)
        containers.set(op.name, { ...container, name: op.name })
        return
      }
      case 'wait':
        for (const name of op.containers) {
          const { state } = get(name)
          if (state !== 'running' && state !== 'exited') fail(`${name} is ${state}`)
          // Time passes: a job that runs ends.
          if (op.goal === 'completed') set(name, { state: 'exited', exitCode: 0 })
        }
        return
      default:
        op satisfies never
    }
  }
  for (const op of plan.ops) {
    for (const key of [...op.needs, ...op.after]) {
      if (planned.has(key) && !done.has(key)) fail(`${op.key} comes before ${key}`)
      if (!planned.has(key) && op.needs.includes(key)) fail(`${op.key} needs ${key}, which is not in the plan`)
    }
    run(op)
    done.add(op.key)
  }
  const sorted = [...containers.values()].sort((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : a.number - b.number,
  )
  return { ...before, containers: sorted, networks, volumes, images }
}

function fail(message: string): never {
  throw new Error(`the engine refuses: ${message}`)
}
