import type { StatsRow } from '../../schemas/output/stats.ts'
import type { Column } from './table.ts'

/** Titles of docker's placeholders for measurements. */
export const statsHeaders: Readonly<Record<string, string>> = {
  ID: 'CONTAINER ID',
  Container: 'CONTAINER',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
}

export const statsColumns: readonly Column<StatsRow>[] = [
  { title: 'NAME', value: row => row.Name },
  { title: 'CPU %', value: row => row.CPUPerc, align: 'right' },
  { title: 'MEM USAGE / LIMIT', value: row => row.MemUsage, align: 'right' },
  { title: 'MEM %', value: row => row.MemPerc, align: 'right' },
  { title: 'NET I/O', value: row => row.NetIO, align: 'right' },
  { title: 'BLOCK I/O', value: row => row.BlockIO, align: 'right' },
  { title: 'PIDS', value: row => row.PIDs, align: 'right' },
]
