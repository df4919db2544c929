import { lstat, readdir, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { OciDevice, OciDeviceRule } from '../../schemas/runtime/oci.ts'
import type { BlockIo } from './resources.ts'

export interface ContainerDevices {
  readonly devices: readonly OciDevice[]
  readonly rules: readonly OciDeviceRule[]
}

/** Devices that a container gets beside the standard ones: those it asks for, or all of the host's when it is privileged. */
export async function lookUpDevices(config: HostConfig): Promise<ContainerDevices> {
  if (config.Privileged === true) return { devices: await hostDevices('/dev'), rules: [] }
  const devices: OciDevice[] = []
  const rules: OciDeviceRule[] = (config.DeviceCgroupRules ?? []).map(parseRule)
  for (const wish of config.Devices ?? []) {
    const device = await deviceAt(wish.PathOnHost, wish.PathInContainer || wish.PathOnHost)
    if (device === undefined) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `error gathering device information while adding custom device "${wish.PathOnHost}": not a device node`,
      )
    }
    devices.push(device)
    rules.push({
      allow: true,
      type: device.type === 'b' ? 'b' : 'c',
      major: device.major,
      minor: device.minor,
      access: wish.CgroupPermissions || 'rwm',
    })
  }
  return { devices, rules }
}

/** Throttles and weights name block devices by path; cgroups want numbers. */
export async function lookUpBlockIo(config: HostConfig): Promise<BlockIo | undefined> {
  const wishes = [
    config.BlkioWeightDevice,
    config.BlkioDeviceReadBps,
    config.BlkioDeviceWriteBps,
    config.BlkioDeviceReadIOps,
    config.BlkioDeviceWriteIOps,
  ]
  if (wishes.every(list => list === undefined || list.length === 0)) return undefined
  const rates = async (list: HostConfig['BlkioDeviceReadBps']) =>
    Promise.all((list ?? []).map(async ({ Path, Rate }) => ({ ...(await numbersOf(Path)), rate: Rate })))
  const [readBps, writeBps, readIops, writeIops] = await Promise.all([
    rates(config.BlkioDeviceReadBps),
    rates(config.BlkioDeviceWriteBps),
    rates(config.BlkioDeviceReadIOps),
    rates(config.BlkioDeviceWriteIOps),
  ])
  const weights = (config.BlkioWeightDevice ?? []).map(async ({ Path, Weight }) => ({
    ...(await numbersOf(Path)),
    weight: Weight,
  }))
  return { weightDevice: await Promise.all(weights), readBps, writeBps, readIops, writeIops }
}

async function numbersOf(path: string): Promise<{ readonly major: number; readonly minor: number }> {
  const device = await deviceAt(path, path)
  if (device === undefined) throw new BerthError('INVALID_ARGUMENT', `${path} is not a device node`)
  return { major: device.major, minor: device.minor }
}

async function deviceAt(hostPath: string, path: string): Promise<OciDevice | undefined> {
  // A link such as /dev/disk/by-id/x is followed: the client names what it wants to give away.
  const info = await stat(hostPath).catch(cause => {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `error gathering device information while adding custom device "${hostPath}": no such file or directory`,
      { cause },
    )
  })
  if (!info.isCharacterDevice() && !info.isBlockDevice()) return undefined
  return {
    type: info.isBlockDevice() ? 'b' : 'c',
    path,
    major: majorOf(info.rdev),
    minor: minorOf(info.rdev),
    fileMode: info.mode & 0o777,
    uid: info.uid,
    gid: info.gid,
  }
}

const skippedNames: ReadonlySet<string> = new Set([
  'pts',
  'shm',
  'fd',
  'mqueue',
  'console',
  '.lxc',
  '.lxd-mounts',
  '.udev',
])

async function hostDevices(folder: string): Promise<OciDevice[]> {
  const devices: OciDevice[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    if (skippedNames.has(basename(name))) continue
    const path = `${folder}/${name}`
    const info = await lstat(path).catch(() => undefined)
    if (info?.isDirectory()) devices.push(...(await hostDevices(path)))
    else if (info?.isCharacterDevice() || info?.isBlockDevice()) {
      const device = await deviceAt(path, path)
      if (device !== undefined) devices.push(device)
    }
  }
  return devices
}

/** glibc's gnu_dev_major and gnu_dev_minor. */
const majorOf = (rdev: number): number =>
  Number(((BigInt(rdev) >> 8n) & 0xfffn) | ((BigInt(rdev) >> 32n) & 0xfffff000n))
const minorOf = (rdev: number): number => Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & 0xffffff00n))

/** `c 1:3 rwm`, `b *:* m`. */
function parseRule(text: string): OciDeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text)
  if (match === null) throw new BerthError('INVALID_ARGUMENT', `invalid device cgroup rule format: '${text}'`)
  const [, type, major, minor, access] = match
  return {
    allow: true,
    type: type as 'a' | 'c' | 'b',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access: access ?? '',
  }
}
