import type { ContainerInspect } from '../../schemas/api/containers.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { describeMounts, describePaths, describeState } from './describe.ts'
import { describeConfig, describeHostConfig } from './describe-config.ts'
import { grownHostConfig } from './exit.ts'
import { describeLinks } from './links.ts'

/** GET /containers/{id}/json. From memory: no file, no other process is asked. */
export function inspectContainer(
  context: ContainerContext,
  container: Container,
  execIds: readonly string[],
): ContainerInspect {
  const { record, state } = container
  const [path = '', ...args] = record.args
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: path,
    Args: args,
    State: describeState(container),
    Image: record.image.id,
    ...describePaths(context, container),
    Name: `/${record.name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds.length === 0 ? null : execIds,
    HostConfig: describeHostConfig({ ...grownHostConfig(container), Links: describeLinks(container) }),
    GraphDriver: { Name: 'overlay2', Data: null },
    Mounts: describeMounts(context, container),
    Config: describeConfig(record.config),
    NetworkSettings: context.networks.settings(record.id),
  }
}
