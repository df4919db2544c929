import { mapNode, type Node, scalarNode, stringAt, valueAt, withEntry, withoutKeys } from '../yaml/node.ts'
import { fail, type Handler, mapOf, object, type Spot } from './handler.ts'
import { absoluteHostPath, hostPath } from './paths.ts'
import { boolean, text, textMap } from './scalars.ts'

/** A resource that may be external: null is an empty one, `external: {name: X}` is the old way of writing a name. */
function resource(handlers: Parameters<typeof object>[0]): Handler {
  const attributes = object({ ...handlers, external: node => node, labels: textMap, driver_opts: textMap })
  return (node, spot) => {
    const map = node.kind === 'map' ? node : mapNode(new Map(), node.mark)
    const result = attributes(map, spot)
    return result === undefined ? undefined : withExternal(result, spot)
  }
}

function withExternal(node: Node, spot: Spot): Node | undefined {
  const external = valueAt(node, 'external')
  if (node.kind !== 'map' || external === undefined) return node
  if (external.kind !== 'map') {
    const value = boolean(external, spot)
    return value === undefined ? undefined : withEntry(node, 'external', value)
  }
  const name = stringAt(external, 'name')
  spot.context.problems.warn({
    code: 'deprecated',
    message: 'external.name is deprecated',
    path: spot.path,
    mark: external.mark,
    hint: `write external: true and name: ${name ?? 'NAME'}`,
  })
  const named = stringAt(node, 'name')
  if (name !== undefined && named !== undefined && named !== name) {
    return fail(node, spot, { code: 'conflict', message: `"name" and "external.name" are not the same` })
  }
  const result = withEntry(node, 'external', scalarNode(true, external.mark))
  return name === undefined ? result : withEntry(result, 'name', scalarNode(name, external.mark))
}

const network = resource({
  internal: boolean,
  attachable: boolean,
  enable_ipv4: boolean,
  enable_ipv6: boolean,
  ipam: object({ options: textMap }),
})

/** A bind mount dressed as a volume has a path of the host in `device`. */
const volume: Handler = (node, spot) => {
  const result = resource({})(node, spot)
  const options = valueAt(result, 'driver_opts')
  const device = valueAt(options, 'device')
  const isBind = stringAt(result, 'driver') === 'local' && stringAt(options, 'o') === 'bind'
  if (!isBind || result?.kind !== 'map' || options?.kind !== 'map' || device?.kind !== 'scalar') return result
  const path = absoluteHostPath(String(device.value), device, spot.context)
  return withEntry(result, 'driver_opts', withEntry(options, 'device', scalarNode(path, device.mark)))
}

export const networks: Handler = mapOf(network)
export const volumes: Handler = mapOf(volume)
export const secrets: Handler = mapOf(resource({ file: hostPath }))
export const configs: Handler = mapOf(resource({ file: hostPath }))
export const models: Handler = mapOf((node, spot) =>
  object({ name: text })(withoutKeys(node.kind === 'map' ? node : mapNode(new Map(), node.mark)), spot),
)
