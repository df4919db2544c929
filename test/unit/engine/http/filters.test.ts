import assert from 'node:assert/strict'
import { test } from 'node:test'
import { booleanFilter, matchesLabels, parseFilters } from '../../../../engine/http/filters.ts'

const query = (filters: unknown): URLSearchParams => new URLSearchParams({ filters: JSON.stringify(filters) })

test('both forms mean the same; the values of the map form say nothing', () => {
  assert.deepEqual(parseFilters(query({ label: ['a=b', 'c'] }), ['label']), new Map([['label', ['a=b', 'c']]]))
  assert.deepEqual(
    parseFilters(query({ label: { 'a=b': true, c: false } }), ['label']),
    new Map([['label', ['a=b', 'c']]]),
  )
  assert.equal(parseFilters(new URLSearchParams(), []).size, 0)
})

test('unknown names and other shapes are refused', () => {
  assert.throws(() => parseFilters(query({ bogus: ['x'] }), ['label']), { message: "invalid filter 'bogus'" })
  assert.throws(() => parseFilters(query(['label']), ['label']), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => parseFilters(query({ label: 'x' }), ['label']), { code: 'INVALID_ARGUMENT' })
})

test('labels: presence, value, negation, and names of Object.prototype are no labels', () => {
  const holds = (labels: Record<string, string>, filters: object) =>
    matchesLabels(labels, parseFilters(query(filters), ['label', 'label!']))
  assert.equal(holds({ a: 'b' }, { label: ['a'] }), true)
  assert.equal(holds({ a: 'b=c' }, { label: ['a=b=c'] }), true)
  assert.equal(holds({ a: 'b' }, { label: ['a=c'] }), false)
  assert.equal(holds({ a: 'b' }, { 'label!': ['a'] }), false)
  assert.equal(holds({}, { label: ['constructor'] }), false)
  assert.throws(() => booleanFilter(parseFilters(query({ dangling: ['maybe'] }), ['dangling']), 'dangling'))
})
