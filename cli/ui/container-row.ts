import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import type { PsRow } from '../../schemas/output/ps.ts'
import { label } from '../model/labels.ts'
import { decimalSize } from './human.ts'
import { labelsText } from './labels-text.ts'
import { formatPorts } from './ports.ts'
import type { Style } from './style.ts'
import { truncate } from './width.ts'

/** A container as a list shows it: docker's placeholders, and `.Label "name"` for templates (JSON leaves functions out). */
export interface ContainerRow extends PsRow {
  readonly Label: (name: string) => string
}

/** Titles of the placeholders in `--format "table ..."`, as docker and docker compose print them. */
export const containerHeaders: Readonly<Record<keyof PsRow, string>> & { readonly Label: (name: string) => string } = {
  ID: 'CONTAINER ID',
  Name: 'NAME',
  Names: 'NAMES',
  Project: 'PROJECT',
  Service: 'SERVICE',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  State: 'STATE',
  Status: 'STATUS',
  Health: 'HEALTH',
  ExitCode: 'EXIT CODE',
  Ports: 'PORTS',
  Publishers: 'PUBLISHERS',
  Labels: 'LABELS',
  Networks: 'NETWORKS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Size: 'SIZE',
  Label: name => name,
}

export interface ContainerRowOptions {
  readonly nowMs: number
  /** Ids, commands and the names of anonymous volumes in full. */
  readonly isFull?: boolean
}

/** The row of a container, as `docker compose ps --format json` prints it. */
export function containerRow(
  container: ContainerSummary,
  { nowMs, isFull = false }: ContainerRowOptions,
): ContainerRow {
  const { Id, Image, Command, Created, State, Status, Ports, Labels, Mounts, Names } = container
  const name = (Names[0] ?? Id.slice(0, 12)).replace(/^\//, '')
  return {
    ID: isFull ? Id : Id.slice(0, 12),
    Name: name,
    Names: Names.map(each => each.replace(/^\//, '')).join(',') || name,
    Project: Labels[label.project] ?? '',
    Service: Labels[label.service] ?? '',
    Image,
    Command: JSON.stringify(isFull ? Command : truncate(Command, 20)),
    CreatedAt: createdAt(Created),
    RunningFor: `${humanDuration(nowMs - Created * 1000)} ago`,
    State,
    Status,
    Health: healthOf(Status),
    ExitCode: Number(Status.match(/^(?:Exited|Restarting) \((\d+)\)/)?.[1] ?? 0),
    Ports: formatPorts(Ports),
    Publishers: Ports.map(({ IP = '', PrivatePort, PublicPort = 0, Type }) => ({
      URL: IP,
      TargetPort: PrivatePort,
      PublishedPort: PublicPort,
      Protocol: Type,
    })),
    Labels: labelsText(Labels),
    Networks: Object.keys(container.NetworkSettings.Networks).join(','),
    Mounts: Mounts.map(mount => mount.Name ?? mount.Source)
      .map(mount => (isFull ? mount : truncate(mount, 15)))
      .join(','),
    LocalVolumes: String(Mounts.filter(mount => mount.Type === 'volume').length),
    Size: sizeOf(container),
    Label: key => Labels[key] ?? '',
  }
}

/** `2026-01-31 12:00:00 +0000 UTC`, as Go prints a time. */
export function createdAt(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}

/** The colour of a state on a terminal: green runs well, yellow is on its way, red has failed. */
export function paintStatus(style: Style): (text: string, row: ContainerRow) => string {
  return (text, { State, Status }) => statusColour(style, State, Status)(text)
}

function statusColour(style: Style, state: string, status: string): (text: string) => string {
  if (state === 'running')
    return status.includes('(unhealthy)')
      ? style.red
      : status.includes('(health: starting)')
        ? style.yellow
        : style.green
  if (state === 'exited') return status.startsWith('Exited (0)') ? String : style.red
  return state === 'dead' ? style.red : style.yellow
}

/** What the container has written; the size of its image too where the engine was asked for sizes. */
function sizeOf({ SizeRw, SizeRootFs }: ContainerSummary): string {
  if (SizeRootFs === undefined) return decimalSize(SizeRw ?? 0)
  return `${decimalSize(SizeRw ?? 0)} (virtual ${decimalSize(SizeRootFs)})`
}

/** The list call tells health only inside its text: `Up 5 minutes (healthy)`. */
function healthOf(status: string): string {
  return status.match(/\((?:health: )?(starting|healthy|unhealthy)\)/)?.[1] ?? ''
}
