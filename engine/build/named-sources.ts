import { BerthError } from '../../schemas/errors.ts'
import type { Platform } from '../images/oci.ts'
import { parsePlatform } from '../images/platform.ts'
import type { ImageService } from '../images/service.ts'
import { emptyState, openBase } from './base-image.ts'
import type { BuildContext } from './build-context.ts'
import type { BuildParts } from './context-of.ts'
import { expandWord } from './dockerfile/expand.ts'
import type { Dockerfile } from './dockerfile/instruction.ts'
import { ContextNeeded } from './listed-context.ts'
import type { StageState } from './stage-state.ts'
import { type PlannedStage, sourceOf } from './stages.ts'
import type { Tree, Workspace } from './workspace.ts'

/** `--platform` of FROM; without one, what the image is for. */
export function platformOf(text: string | undefined, build: BuildContext): Platform | undefined {
  const wanted =
    text === undefined ? '' : expandWord(text, new Map([...build.platform, ...build.globals]), build.escapeMark)
  return parsePlatform(wanted) ?? build.request.platform
}

/** What FROM or `--from` names outside of the Dockerfile. */
export async function openNamed(
  parts: BuildParts,
  build: BuildContext,
  name: string,
  platform: Platform | undefined,
): Promise<StageState> {
  const context = build.request.contexts.get(name)
  if (context !== undefined && 'folder' in context) {
    throw new BerthError('NOT_IMPLEMENTED', `FROM ${name}: the additional context is a folder and no image`, {
      hint: 'FROM scratch and COPY --from it',
    })
  }
  const { engine, images, workspace } = parts
  if (workspace.listed !== undefined && !(await isHere(images, context?.image ?? name))) throw new ContextNeeded()
  return openBase(images, workspace, context === undefined ? name : context.image, {
    pulls: build.request.pulls,
    platform,
    dataRoot: engine.dataRoot,
    onProgress: text => build.report.line(text),
    signal: build.signal,
  })
}

const contextTree = ({ context, listed }: Workspace): Tree => ({
  lower: [context],
  identity: undefined,
  isContext: true,
  isHost: false,
  ...(listed === undefined ? {} : { listed }),
})

/** Whether an image can be used at once; a folder of this machine would have to be read. */
const isHere = async (images: ImageService, name: string): Promise<boolean> =>
  name === 'scratch' ||
  (!/^[a-z-]+:[./]/.test(name) &&
    (await images.find(name, {}).then(
      ({ kind }) => kind !== 'host',
      () => false,
    )))

/** What `--from` names; the build context without one. */
export async function treeFor(
  parts: BuildParts,
  build: BuildContext,
  file: Dockerfile,
  { stage }: PlannedStage,
  stages: ReadonlyMap<number, Promise<StageState>>,
  from: string | undefined,
): Promise<Tree> {
  const { workspace } = parts
  if (from === undefined) return contextTree(workspace)
  const source = sourceOf(file.stages.slice(0, stage.index), from, true)
  if (source.kind === 'stage') return workspace.treeOf((await stages.get(source.index)) ?? emptyState)
  const context = build.request.contexts.get(from)
  if (context !== undefined && 'folder' in context)
    return { lower: [context.folder], identity: undefined, isContext: true, isHost: false }
  return workspace.treeOf(await openNamed(parts, build, from, platformOf(stage.platform, build)))
}
