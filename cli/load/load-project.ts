import { buildProject } from '../model/build-project.ts'
import type { Project, SourcePosition } from '../model/project.ts'
import { canonicalPlain } from './canonical/canonical-plain.ts'
import { canonicalStack } from './canonical/canonical-stack.ts'
import { checkCycles } from './check/cycles.ts'
import { checkReferences } from './check/references.ts'
import { checkResources } from './check/resource-checks.ts'
import { checkService } from './check/service-checks.ts'
import { normalizeService, textsAt } from './complete/normalize-service.ts'
import { neededBy, profileNames, selectByProfile } from './complete/profiles.ts'
import { nameResources, withDefaultNetwork, withoutUnused } from './complete/resources.ts'
import { withServiceFiles } from './complete/service-files.ts'
import { isTrue } from './env/project-environment.ts'
import type { LoadedStack, LoadOptions } from './load-options.ts'
import { enforceUnicity } from './merge/unicity.ts'
import { Problems } from './problems.ts'
import { type RawStack, readStack } from './read-stack.ts'
import { checkSupport } from './support.ts'
import { validateTree } from './validate/validate-tree.ts'
import { type MapEntry, type MapNode, mapNode, valueAt, withEntry, withoutKeys } from './yaml/node.ts'
import { findPosition } from './yaml/position-of.ts'

/**
 * Finds, reads and checks the stack files and builds the project. A user's mistakes come back as diagnostics (all of them at once),
 * never as an exception; see `load-options.ts` for what goes in and out.
 */
export async function loadProject(options: LoadOptions): Promise<LoadedStack> {
  return loadStack(options)
}

/** The same without waiting: reading is synchronous. */
export function loadStack(options: LoadOptions): LoadedStack {
  const problems = new Problems()
  const { raw, reader } = readStack(options, problems)
  const stack = raw.tree === undefined ? undefined : complete(raw, raw.tree, options, problems)
  const canonical =
    stack === undefined ? undefined : canonicalPlain(stack.tree, { isTemplate: options.noInterpolate === true })
  const isGood = stack !== undefined && canonical !== undefined && !problems.hasErrors && options.noInterpolate !== true
  const project = isGood ? projectOf(raw, stack, canonical, reader.fileVariables, options) : undefined
  return {
    project,
    canonical: problems.hasErrors ? undefined : canonical,
    profiles: stack?.allProfiles ?? [],
    diagnostics: problems.sorted(),
    sources: new Map([...reader.sources, ...problems.sources]),
    environment: Object.fromEntries(raw.environment),
    variables: [...reader.variables.values()],
  }
}

interface CompleteStack {
  /** What `config` prints: enabled services and the resources that they use. */
  readonly tree: MapNode
  readonly disabled: MapNode
  readonly active: readonly string[]
  readonly allProfiles: readonly string[]
  /** Paths of `label_file` by service. */
  readonly labelFiles: ReadonlyMap<string, readonly string[]>
}

function complete(raw: RawStack, merged: MapNode, options: LoadOptions, problems: Problems): CompleteStack {
  const { tree, hasHoles } = validateTree(merged, problems)
  checkSupport(tree, problems)
  const context = {
    problems,
    env: raw.environment,
    projectDir: raw.projectDir,
    resolvePaths: options.noPathResolution !== true,
    isTemplate: options.noInterpolate === true,
  }
  const canonical = enforceUnicity(canonicalStack(withoutKeys(tree, 'version', 'include'), raw.name, context))
  let stack = canonical.kind === 'map' ? canonical : tree
  checkResources(stack, problems)

  const declared = servicesOf(stack)
  const services =
    options.noNormalize === true ? declared : eachService(declared, (_, service) => normalizeService(service, context))
  // What is printed with its variables as they are written is the whole file, as Compose has it.
  const profiles = context.isTemplate ? ['*'] : activeProfiles(options, raw.environment)
  const selection = selectByProfile(services, profiles, options.services ?? [])
  const files = { fs: options.fs, problems, env: raw.environment }
  // As in Compose, files of services that a command is not about need not be there.
  const wanted = options.services ?? []
  const concerned = wanted.length === 0 ? selection.enabled : neededBy(wanted, selection.enabled)
  const enabled = eachService(selection.enabled, (name, service) =>
    context.isTemplate || options.noServiceFiles === true || !concerned.entries.has(name)
      ? service
      : withServiceFiles(name, service, files),
  )
  stack = withEntry(stack, 'services', enabled)
  if (options.noNormalize !== true) stack = nameResources(withDefaultNetwork(stack), raw.name)
  if (options.noConsistency !== true && !context.isTemplate && !hasHoles) {
    checkConsistency(stack, enabled, selection.disabled, problems)
  }
  const named = options.onlyNamed === true ? (options.services ?? []) : []
  const shown = named.length === 0 ? enabled : neededBy(named, enabled)
  if (shown !== enabled) stack = withEntry(stack, 'services', shown)
  if (options.allResources !== true && !context.isTemplate) stack = withoutUnused(stack, shown)
  if (valueAt(stack, 'services') === undefined) stack = withEntry(stack, 'services', mapNode(new Map(), undefined))
  const labelFiles = new Map(
    [...selection.enabled.entries].map(([name, { value }]) => [
      name,
      textsAt(value, 'label_file').map(each => each.text),
    ]),
  )
  const { disabled, active } = selection
  return { tree: stack, disabled, active, allProfiles: profileNames(services), labelFiles }
}

function checkConsistency(stack: MapNode, enabled: MapNode, disabled: MapNode, problems: Problems): void {
  for (const [name, { value: service }] of enabled.entries) {
    if (service.kind !== 'map') continue
    checkService(name, service, problems)
    checkReferences(name, service, { stack, enabled, disabled, problems })
  }
  checkCycles(enabled, problems)
}

function projectOf(
  raw: RawStack,
  stack: CompleteStack,
  canonical: Readonly<Record<string, unknown>>,
  fileVariables: ReadonlyMap<string, string>,
  options: LoadOptions,
): Project {
  const disabled = canonicalPlain(
    mapNode(new Map([['services', { mark: undefined, value: stack.disabled }]]), undefined),
  )
  return buildProject({
    name: raw.name,
    separator: options.compatibility === true || isTrue(raw.environment.get('COMPOSE_COMPATIBILITY')) ? '_' : '-',
    workingDir: raw.projectDir,
    files: raw.files,
    profiles: stack.active,
    canonical,
    disabledServices: disabled['services'],
    environment: raw.environment,
    fileVariables,
    labelFiles: stack.labelFiles,
    positionOf: (path: string): SourcePosition | undefined => findPosition(stack.tree, path),
  })
}

function activeProfiles(options: LoadOptions, environment: ReadonlyMap<string, string>): readonly string[] {
  if (options.profiles !== undefined && options.profiles.length > 0) return options.profiles
  return (environment.get('COMPOSE_PROFILES') ?? '')
    .split(',')
    .map(profile => profile.trim())
    .filter(Boolean)
}

function servicesOf(stack: MapNode): MapNode {
  const services = valueAt(stack, 'services')
  return services?.kind === 'map' ? services : mapNode(new Map(), undefined)
}

function eachService(services: MapNode, change: (name: string, service: MapNode) => MapNode): MapNode {
  const entries = new Map<string, MapEntry>()
  for (const [name, { mark, value }] of services.entries) {
    entries.set(name, { mark, value: value.kind === 'map' ? change(name, value) : value })
  }
  return mapNode(entries, services.mark)
}
