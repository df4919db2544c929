/**
 * The OCI runtime specification, Linux part, as far as berthd writes it.
 * Source: https://github.com/opencontainers/runtime-spec v1.2, config.md and config-linux.md. Names are the specification's.
 */

export interface OciUser {
  readonly uid: number
  readonly gid: number
  readonly umask?: number
  readonly additionalGids?: readonly number[]
}

export interface OciCapabilities {
  readonly bounding?: readonly string[]
  readonly effective?: readonly string[]
  readonly inheritable?: readonly string[]
  readonly permitted?: readonly string[]
  readonly ambient?: readonly string[]
}

export interface OciRlimit {
  readonly type: string
  readonly soft: number
  readonly hard: number
}

export interface OciProcess {
  readonly terminal?: boolean
  readonly consoleSize?: { readonly height: number; readonly width: number }
  readonly user: OciUser
  readonly args: readonly string[]
  /** `NAME=value` strings; nothing else reaches the process. */
  readonly env?: readonly string[]
  readonly cwd: string
  readonly capabilities?: OciCapabilities
  readonly rlimits?: readonly OciRlimit[]
  readonly noNewPrivileges?: boolean
  readonly oomScoreAdj?: number
  readonly apparmorProfile?: string
  readonly selinuxLabel?: string
}

export interface OciMount {
  readonly destination: string
  readonly type?: string
  readonly source?: string
  /** With `idmap` or `ridmap` a bind shows the ids on the disk as those of the container, or as the maps below say. */
  readonly options?: readonly string[]
  readonly uidMappings?: readonly OciIdMapping[]
  readonly gidMappings?: readonly OciIdMapping[]
}

export type OciNamespaceType = 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time'

export interface OciNamespace {
  readonly type: OciNamespaceType
  /** Join this namespace instead of making a new one. */
  readonly path?: string
  /** Not of the specification. With `user`: join the namespace that owns the one at this path. */
  readonly ownerOf?: string
}

export interface OciIdMapping {
  readonly containerID: number
  readonly hostID: number
  readonly size: number
}

export interface OciDevice {
  readonly type: 'c' | 'b' | 'u' | 'p'
  readonly path: string
  readonly major: number
  readonly minor: number
  readonly fileMode?: number
  readonly uid?: number
  readonly gid?: number
}

export interface OciDeviceRule {
  readonly allow: boolean
  readonly type?: 'a' | 'c' | 'b'
  readonly major?: number
  readonly minor?: number
  readonly access?: string
}

/** All sizes in bytes; -1 is "no limit", an absent field is "leave as it is". */
export interface OciResources {
  readonly devices?: readonly OciDeviceRule[]
  readonly memory?: {
    readonly limit?: number
    readonly reservation?: number
    /** Memory plus swap, as in cgroup v1; the runtime converts it for v2. */
    readonly swap?: number
    readonly swappiness?: number
    readonly disableOOMKiller?: boolean
  }
  readonly cpu?: {
    readonly shares?: number
    readonly quota?: number
    readonly burst?: number
    readonly period?: number
    readonly realtimeRuntime?: number
    readonly realtimePeriod?: number
    readonly cpus?: string
    readonly mems?: string
  }
  readonly pids?: { readonly limit: number }
  readonly blockIO?: {
    readonly weight?: number
    readonly weightDevice?: readonly { readonly major: number; readonly minor: number; readonly weight: number }[]
    readonly throttleReadBpsDevice?: readonly OciThrottle[]
    readonly throttleWriteBpsDevice?: readonly OciThrottle[]
    readonly throttleReadIOPSDevice?: readonly OciThrottle[]
    readonly throttleWriteIOPSDevice?: readonly OciThrottle[]
  }
  /** cgroup v2 files by name, written as they are. */
  readonly unified?: Readonly<Record<string, string>>
}

export interface OciThrottle {
  readonly major: number
  readonly minor: number
  readonly rate: number
}

export interface OciSeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly args?: readonly {
    readonly index: number
    readonly value: number
    readonly valueTwo?: number
    readonly op: string
  }[]
}

export interface OciSeccomp {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly flags?: readonly string[]
  readonly syscalls?: readonly OciSeccompRule[]
}

export interface OciSpec {
  readonly ociVersion: string
  readonly hostname?: string
  readonly domainname?: string
  readonly process: OciProcess
  readonly root: { readonly path: string; readonly readonly?: boolean }
  readonly mounts: readonly OciMount[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly linux: {
    readonly namespaces: readonly OciNamespace[]
    readonly uidMappings?: readonly OciIdMapping[]
    readonly gidMappings?: readonly OciIdMapping[]
    readonly devices?: readonly OciDevice[]
    /** Path below every hierarchy's root, e.g. `/berth/<id>`. */
    readonly cgroupsPath: string
    readonly resources?: OciResources
    readonly rootfsPropagation?: string
    readonly sysctl?: Readonly<Record<string, string>>
    readonly maskedPaths?: readonly string[]
    readonly readonlyPaths?: readonly string[]
    readonly mountLabel?: string
    readonly seccomp?: OciSeccomp
  }
}
