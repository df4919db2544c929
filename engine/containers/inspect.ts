import type { ContainerInspect } from '../../schemas/api/containers.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { describeMounts, describePaths, describeState } from './describe.ts'
import { grownHostConfig } from './exit.ts'

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
    HostConfig: describeHostConfig(container),
    GraphDriver: { Name: 'overlay2', Data: null },
    Mounts: describeMounts(container),
    Config: {
      Domainname: '',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      ...record.config,
    },
    NetworkSettings: context.networks.settings(record.id),
  }
}

/** Lists that clients read without asking are there, and empty. */
function describeHostConfig(container: Container): HostConfig {
  return {
    Binds: [],
    PortBindings: {},
    AutoRemove: false,
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    Memory: 0,
    NanoCpus: 0,
    CpuShares: 0,
    ConsoleSize: [0, 0],
    ...grownHostConfig(container),
  }
}
