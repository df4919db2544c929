#!/usr/bin/env -S node --
// The `--` keeps Node's own --env-file away from ours: Node looks for it in all arguments and fails when the file is missing.
// Becomes dist/berth.cjs: loads the chunks of dist/cli through V8 code caches that the build made after a run, so that nothing is compiled at start.
// A cache of another Node version is refused by V8 itself, and then the chunk is only slower to load.
'use strict'
const fs = require('node:fs')
const vm = require('node:vm')
const folder = `${__dirname}/cli/`
const modules = new Map()

function load(name) {
  const known = modules.get(name)
  if (known) return known.exports
  const filename = folder + name
  const source = fs.readFileSync(filename, 'latin1')
  let cachedData
  try {
    cachedData = fs.readFileSync(`${filename}.cache`)
  } catch {}
  const script = new vm.Script(source, { filename, cachedData })
  const module = { exports: {}, script, filename }
  modules.set(name, module)
  script.runInThisContext()(module.exports, requireFrom, module)
  return module.exports
}

function requireFrom(id) {
  return id.startsWith('./') ? load(id.slice(2)) : require(id)
}

if (process.env.BERTH_WRITE_CODE_CACHE) {
  process.on('exit', () => {
    for (const { script, filename } of modules.values())
      fs.writeFileSync(`${filename}.cache`, script.createCachedData())
  })
}
// Set by dist/berth (native/launcher) only.
const socket = process.env.BERTH_STANDBY_SOCKET
if (socket) load('standby.js').serve(__dirname, socket)
else load('main.js').start(__dirname)
