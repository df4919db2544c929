import type { VolumeInspect } from '../../schemas/api/volumes.ts'
import type { VolumeRow } from '../../schemas/output/volumes.ts'
import { decimalSize } from './human.ts'
import { labelsText } from './labels-text.ts'
import type { Column } from './table.ts'

/** A volume as a list shows it; `.Label "name"` is for templates. */
export type ShownVolume = VolumeRow & { readonly Label: (name: string) => string }

export const volumeHeaders: Readonly<Record<string, unknown>> = {
  Name: 'VOLUME NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  Mountpoint: 'MOUNTPOINT',
  Labels: 'LABELS',
  Links: 'LINKS',
  Size: 'SIZE',
  Availability: 'AVAILABILITY',
  Group: 'GROUP',
  Status: 'STATUS',
  Label: (name: string) => name,
}

export const volumeColumns: readonly Column<ShownVolume>[] = [
  { title: 'DRIVER', value: row => row.Driver },
  { title: 'VOLUME NAME', value: row => row.Name },
]

export function volumeRow({ Name, Driver, Scope, Mountpoint, Labels, UsageData }: VolumeInspect): ShownVolume {
  const notAsked = 'N/A'
  return {
    Name,
    Driver,
    Scope,
    Mountpoint,
    Labels: labelsText(Labels),
    Links: UsageData ? String(UsageData.RefCount) : notAsked,
    Size: UsageData ? decimalSize(UsageData.Size) : notAsked,
    Availability: notAsked,
    Group: notAsked,
    Status: notAsked,
    Label: name => Labels?.[name] ?? '',
  }
}
