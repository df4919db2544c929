/** Values of a stream of JSON texts, one a line (events, stats, progress of a pull). A line may be split over chunks anywhere. */
export async function* readJsonLines<Value>(body: AsyncIterable<Buffer>): AsyncGenerator<Value> {
  let rest: Buffer[] = []
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      rest.push(chunk.subarray(start, end))
      const line = Buffer.concat(rest).toString().trim()
      rest = []
      start = end + 1
      if (line !== '') yield JSON.parse(line) as Value
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  const line = Buffer.concat(rest).toString().trim()
  if (line !== '') yield JSON.parse(line) as Value
}

const newline = 0x0a
