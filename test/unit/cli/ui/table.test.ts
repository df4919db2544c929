import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTable } from '../../../../cli/ui/table.ts'

interface Row {
  readonly name: string
  readonly size: string
}

const columns = [
  { title: 'NAME', value: (row: Row) => row.name },
  { title: 'SIZE', value: (row: Row) => row.size },
] as const

test('a table without rows is its header, each cell ten columns wide as docker prints it', () => {
  assert.equal(formatTable(columns, []), 'NAME      SIZE\n')
})

test('a column is as wide as its longest value and three spaces, and lines have no blanks at the end', () => {
  const rows = [
    { name: 'a-long-container-name', size: '1kB' },
    { name: 'b', size: '' },
  ]
  assert.equal(formatTable(columns, rows), 'NAME                    SIZE\na-long-container-name   1kB\nb\n')
})

test('wide characters take two columns and combining marks none', () => {
  const rows = [
    { name: '数据库数据库', size: '1' },
    { name: 'e\u0301clair', size: '2' },
  ]
  assert.equal(formatTable(columns, rows), 'NAME           SIZE\n数据库数据库   1\ne\u0301clair         2\n')
})

test('a name cannot drive the terminal: escape sequences and line feeds are shown', () => {
  const text = formatTable(columns, [{ name: 'x\u001b[2J\n', size: '\u202egnp' }])
  assert.equal(text.split('\n')[1], 'x\\x1b[2J\\n   \\u202egnp')
})

test('right-aligned columns keep their distance, also when they are coloured', () => {
  const aligned = [
    { title: 'MEM', value: (row: Row) => row.size, align: 'right' as const, paint: (text: string) => `<${text}>` },
    { title: 'NAME', value: (row: Row) => row.name },
  ]
  assert.equal(formatTable(aligned, [{ name: 'web', size: '1.5MiB' }]), '    MEM   NAME\n <1.5MiB>   web\n')
})
