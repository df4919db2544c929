import type { Project } from '../model/project.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { RemoteFiles } from './remote-files.ts'

/** What `loadProject` may know of the world: nothing else is read, no `process.env`, no `process.cwd()`. */
export interface LoadOptions {
  /** Absolute folder where the search for a stack file begins and to which relative paths given on the command line belong. */
  readonly cwd: string
  /** The caller's environment, usually `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where files are read from; `hostFiles` in files.ts is the real one. */
  readonly fs: StackFileSystem

  /** `-f`, in order; `-` is standard input, whose text is `stdin`. */
  readonly files?: readonly string[] | undefined
  readonly stdin?: string | undefined
  /** Where the files of addresses (`oci://...`, git) are by now; without it such a file is a mistake. */
  readonly remoteFiles?: RemoteFiles | undefined
  /** `-p` */
  readonly projectName?: string | undefined
  /** `--project-directory` */
  readonly projectDirectory?: string | undefined
  /** `--env-file`, in order */
  readonly envFiles?: readonly string[] | undefined
  /** `--profile`; `*` activates all */
  readonly profiles?: readonly string[] | undefined
  /** `--compatibility`: names with `_`. */
  readonly compatibility?: boolean | undefined
  /** Services named as arguments of a command such as `up web`: their profiles are activated too. */
  readonly services?: readonly string[] | undefined
  /** Leave out the services that are neither in `services` nor needed by one of them (`config web`); none named = all stay. */
  readonly onlyNamed?: boolean | undefined
  /** Keep top-level networks, volumes, secrets and configs that no active service uses (`up --all-resources`). */
  readonly allResources?: boolean | undefined

  /** Leave `env_file` and `label_file` unread: for commands that want no more than names, and that work where such a file is gone. */
  readonly noServiceFiles?: boolean | undefined

  /** The four switches of `config`. */
  readonly noInterpolate?: boolean | undefined
  readonly noNormalize?: boolean | undefined
  readonly noPathResolution?: boolean | undefined
  readonly noConsistency?: boolean | undefined
}

/** The file system as the loader sees it; synchronous, since a stack is a handful of small files and a command waits for all of them. */
export interface StackFileSystem {
  /** Content of a file. Throws the errors of node:fs (`code` = ENOENT, EISDIR, ...). */
  readonly readFile: (path: string) => Uint8Array
  /** undefined = does not exist. */
  readonly stat: (
    path: string,
  ) => { readonly isFile: boolean; readonly isDirectory: boolean; readonly sizeBytes: number } | undefined
}

export interface LoadedStack {
  /** undefined if any diagnostic is an error, or with `noInterpolate`. */
  readonly project: Project | undefined
  /** The tree in canonical form, which `config` prints; undefined if any diagnostic is an error. */
  readonly canonical: Readonly<Record<string, unknown>> | undefined
  /** Every profile that any service names (`config --profiles`). */
  readonly profiles: readonly string[]
  /** Errors first, then warnings; within each, in the order of files, lines and columns. */
  readonly diagnostics: readonly Diagnostic[]
  /** Text of every file read, by the name used in positions: what caret frames are cut from. */
  readonly sources: ReadonlyMap<string, string>
  /** The variables that interpolation saw: the caller's environment over the env files (`config --environment`). */
  readonly environment: Readonly<Record<string, string>>
  /** Every variable named in the files (`config --variables`). */
  readonly variables: readonly TemplateVariable[]
}

export interface TemplateVariable {
  readonly name: string
  readonly isRequired: boolean
  readonly defaultValue: string
  readonly alternateValue: string
}
