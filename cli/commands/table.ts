import type { CommandDefinition } from './definition.ts'

/** What the overview needs of a command, and where its code is. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandDefinition>
  /** Other names of the same command, as docker has them; not shown. */
  readonly aliases?: readonly string[]
  readonly isHidden?: true
}

/** A command that is only a head for others: `berth container ls`. Its members are in a table of their own, loaded when the head is named. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly members: () => Promise<readonly CommandEntry[]>
}

/** `group` is the heading in the overview. */
export type TopEntry = (CommandEntry | CommandGroup) & { readonly group: string }

const stack = 'Stacks:'
const containers = 'Containers:'
const insight = 'Looking:'
const images = 'Images:'
const engine = 'Engine:'
const management = "Management, with docker's words:"

/** Every command, in the order of help. Light on purpose: `berth --help` loads nothing but this. */
export const commandTable: readonly TopEntry[] = [
  {
    name: 'up',
    summary: 'Create and start a stack, or bring it to what its file says',
    group: stack,
    load: async () => (await import('./up.ts')).up,
  },
  {
    name: 'down',
    summary: 'Stop and remove the containers and networks of a stack',
    group: stack,
    load: async () => (await import('./down.ts')).down,
  },
  {
    name: 'create',
    summary: 'Create containers, networks and volumes, and start nothing',
    group: stack,
    load: async () => (await import('./create.ts')).create,
  },
  {
    name: 'build',
    summary: 'Build the images of services, or one image from a folder',
    group: stack,
    load: async () => (await import('./build.ts')).build,
  },
  {
    name: 'scale',
    summary: 'Change how many containers services have',
    group: stack,
    load: async () => (await import('./scale.ts')).scale,
  },
  {
    name: 'watch',
    summary: 'Bring a stack up and keep its containers in step with changed files',
    group: stack,
    load: async () => (await import('./watch.ts')).watch,
  },
  {
    name: 'plan',
    summary: 'Show what up would do, and why',
    group: stack,
    load: async () => (await import('./plan.ts')).plan,
  },
  {
    name: 'drift',
    summary: 'Say whether a stack is still as its file says',
    group: stack,
    load: async () => (await import('./drift.ts')).drift,
  },
  {
    name: 'config',
    summary: 'Check the stack file and print it in canonical form',
    group: stack,
    load: async () => (await import('./config.ts')).config,
  },
  {
    name: 'convert',
    summary: 'Turn a docker run line into a stack file',
    group: stack,
    load: async () => (await import('./convert.ts')).convert,
  },
  {
    name: 'graph',
    summary: 'Draw the dependencies of a stack',
    group: stack,
    load: async () => (await import('./graph.ts')).graph,
  },
  {
    name: 'ls',
    summary: 'List the stacks that the engine knows',
    group: stack,
    load: async () => (await import('./ls.ts')).ls,
  },

  {
    name: 'start',
    summary: 'Start existing containers',
    group: containers,
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'stop',
    summary: 'Stop containers and keep them',
    group: containers,
    load: async () => (await import('./stop.ts')).stop,
  },
  {
    name: 'restart',
    summary: 'Restart containers',
    group: containers,
    load: async () => (await import('./restart.ts')).restart,
  },
  {
    name: 'kill',
    summary: 'Send a signal to containers',
    group: containers,
    load: async () => (await import('./kill.ts')).kill,
  },
  {
    name: 'pause',
    summary: 'Freeze the processes of containers',
    group: containers,
    load: async () => (await import('./pause.ts')).pause,
  },
  {
    name: 'unpause',
    summary: 'Let frozen containers go on',
    group: containers,
    load: async () => (await import('./pause.ts')).unpause,
  },
  {
    name: 'rm',
    summary: 'Remove stopped containers',
    group: containers,
    load: async () => (await import('./rm.ts')).rm,
  },
  {
    name: 'exec',
    summary: 'Run a command in a running container',
    group: containers,
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    name: 'run',
    summary: 'Run a command in a new container of a service',
    group: containers,
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'attach',
    summary: 'Join the main process of a container',
    group: containers,
    load: async () => (await import('./attach.ts')).attach,
  },
  {
    name: 'cp',
    summary: 'Copy files between a container and this machine',
    group: containers,
    load: async () => (await import('./cp.ts')).cp,
  },
  {
    name: 'commit',
    summary: 'Make an image of a container',
    group: containers,
    load: async () => (await import('./commit.ts')).commit,
  },
  {
    name: 'export',
    summary: 'Write the files of a container to an archive',
    group: containers,
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'wait',
    summary: 'Wait until containers stop',
    group: containers,
    load: async () => (await import('./wait.ts')).wait,
  },

  {
    name: 'ps',
    summary: 'List the containers of a stack',
    group: insight,
    load: async () => (await import('./ps.ts')).ps,
  },
  {
    name: 'logs',
    summary: 'Show the output of containers',
    group: insight,
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'events',
    summary: 'Follow what happens to the containers of a stack',
    group: insight,
    load: async () => (await import('./events.ts')).events,
  },
  {
    name: 'top',
    summary: 'Show the processes in containers',
    group: insight,
    load: async () => (await import('./top.ts')).top,
  },
  {
    name: 'stats',
    summary: 'Show how much containers use',
    group: insight,
    load: async () => (await import('./stats.ts')).stats,
  },
  {
    name: 'schema',
    summary: 'Print the JSON Schema of a stack file, for editors',
    group: insight,
    load: async () => (await import('./schema.ts')).schema,
  },
  {
    name: 'port',
    summary: 'Print the host address of a published port',
    group: insight,
    load: async () => (await import('./port.ts')).port,
  },
  {
    name: 'images',
    summary: 'List the images that containers are made from',
    group: insight,
    load: async () => (await import('./images.ts')).images,
  },
  {
    name: 'volumes',
    summary: 'List the volumes of a stack',
    group: insight,
    load: async () => (await import('./volumes.ts')).volumes,
  },
  {
    name: 'oom',
    summary: 'List out-of-memory kills and what was decided',
    group: insight,
    load: async () => (await import('./oom.ts')).oom,
  },

  {
    name: 'image',
    summary: 'Images by themselves: list, pull, push, tag, save, compare',
    group: images,
    members: async () => (await import('./image/table.ts')).imageCommands,
  },
  {
    name: 'pull',
    summary: 'Pull the images of services',
    group: images,
    load: async () => (await import('./pull.ts')).pull,
  },
  {
    name: 'push',
    summary: 'Push the images of services that were built',
    group: images,
    load: async () => (await import('./push.ts')).push,
  },
  {
    name: 'publish',
    summary: 'Publish the files of a stack as an artifact in a registry',
    group: stack,
    load: async () => (await import('./publish.ts')).publish,
  },
  {
    name: 'login',
    summary: 'Log in to a registry',
    group: images,
    load: async () => (await import('./login.ts')).login,
  },
  {
    name: 'logout',
    summary: 'Forget the credentials of a registry',
    group: images,
    load: async () => (await import('./logout.ts')).logout,
  },
  {
    name: 'search',
    summary: 'Search Docker Hub for images',
    group: images,
    load: async () => (await import('./search.ts')).search,
  },
  {
    name: 'load',
    summary: 'Load images from an archive',
    group: images,
    load: async () => (await import('./load.ts')).load,
  },
  {
    name: 'daemon',
    summary: 'Start, stop and look at the daemon',
    group: engine,
    load: async () => (await import('./daemon.ts')).daemon,
  },
  {
    name: 'info',
    summary: 'Show what the engine is and can do here',
    group: engine,
    load: async () => (await import('./info.ts')).info,
  },
  {
    name: 'version',
    summary: 'Show the versions of Berth and of the engine',
    group: engine,
    load: async () => (await import('./version.ts')).version,
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands in a shell',
    group: engine,
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'man',
    summary: 'Print manual pages',
    group: engine,
    load: async () => (await import('./man.ts')).man,
  },
  {
    name: '__complete',
    summary: 'Say what may follow; completion scripts ask it',
    group: engine,
    load: async () => (await import('./completion.ts')).completeWords,
    isHidden: true,
  },
  {
    name: 'alpha',
    summary: 'Experiments of Compose: not here',
    group: engine,
    load: async () => (await import('./refused.ts')).alpha,
    isHidden: true,
  },
  {
    name: 'bridge',
    summary: 'Kubernetes manifests: not here',
    group: engine,
    load: async () => (await import('./refused.ts')).bridge,
    isHidden: true,
  },

  {
    name: 'container',
    summary: 'Single containers by name or id',
    group: management,
    members: async () => (await import('./container/table.ts')).containerTable,
  },
  {
    name: 'network',
    summary: 'Networks of the engine',
    group: management,
    members: async () => (await import('./network/table.ts')).networkTable,
  },
  {
    name: 'volume',
    summary: 'Volumes of the engine',
    group: management,
    members: async () => (await import('./volume/table.ts')).volumeTable,
  },
  {
    name: 'system',
    summary: 'The engine as a whole: disk space, events, prune',
    group: management,
    members: async () => (await import('./system/table.ts')).systemTable,
  },
  {
    name: 'builder',
    summary: 'The cache of builds',
    group: management,
    members: async () => (await import('./builder/table.ts')).builderTable,
  },
  {
    name: 'context',
    summary: 'Which engine is meant',
    group: management,
    members: async () => (await import('./context/table.ts')).contextTable,
  },
]
