// Keeps 4 MiB every 20 ms, and says so.
const kept = []

console.log(`worker ${process.pid} begins`)
setInterval(() => {
  kept.push(Buffer.alloc(4 * 2 ** 20, 1))
  if (kept.length % 8 === 0) console.log(`holding ${kept.length * 4} MiB`)
}, 20)
