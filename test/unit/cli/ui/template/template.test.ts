import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../../../../cli/ui/template/evaluate.ts'
import { parseTemplate } from '../../../../../cli/ui/template/parse.ts'

const data = {
  Name: 'web',
  Count: 3,
  Running: true,
  Empty: '',
  List: ['a', 'b'],
  Nothing: null,
  Map: { z: 1, a: { b: 'deep' } },
  Networks: { back: { IPAddress: '10.0.0.2' }, app: { IPAddress: '10.0.0.1' } },
  Label: (name: string) => `<${name}>`,
}

/** As Go's text/template with docker's functions prints them. */
const cases: readonly (readonly [string, string])[] = [
  ['{{.Name}}', 'web'],
  ['a {{ .Name }} b', 'a web b'],
  ['a  {{- .Name -}}  b', 'awebb'],
  ['{{/* nothing */}}x', 'x'],
  ['{{.Map.a.b}}', 'deep'],
  ['{{.Map}}', 'map[a:map[b:deep] z:1]'],
  ['{{.List}}', '[a b]'],
  ['{{.Nothing}}', '<no value>'],
  ['{{json .List}}', '["a","b"]'],
  ['{{.List | json}}', '["a","b"]'],
  ['{{join .List ", "}}', 'a, b'],
  ['{{upper .Name}} {{title .Name}} {{"WEB" | lower}}', 'WEB Web web'],
  ['{{range .List}}<{{.}}>{{end}}', '<a><b>'],
  ['{{range $i, $v := .List}}{{$i}}={{$v}} {{end}}', '0=a 1=b '],
  ['{{range $name, $net := .Networks}}{{$name}} {{$net.IPAddress}};{{end}}', 'app 10.0.0.1;back 10.0.0.2;'],
  ['{{range .Empty | split ","}}x{{else}}none{{end}}', 'x'],
  ['{{range .Nothing}}x{{else}}none{{end}}', 'none'],
  ['{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
  ['{{range .List}}{{if eq . "a"}}{{continue}}{{end}}{{.}}{{end}}', 'b'],
  ['{{if .Empty}}a{{else if .Running}}b{{else}}c{{end}}', 'b'],
  ['{{if and .Running (gt .Count 2)}}yes{{end}}', 'yes'],
  ['{{if or .Empty (not .Running)}}yes{{else}}no{{end}}', 'no'],
  ['{{with .Map.a}}{{.b}} of {{$.Name}}{{end}}', 'deep of web'],
  ['{{index .List 1}} {{index .Map "z"}} {{index .Networks "app" "IPAddress"}}', 'b 1 10.0.0.1'],
  ['{{(index .Networks "app").IPAddress}}', '10.0.0.1'],
  ['{{len .List}} {{len .Name}}', '2 3'],
  ['{{printf "%-6s|%03d|%q|%.2f|%x" .Name .Count .Name 1.5 255}}', 'web   |003|"web"|1.50|ff'],
  ['{{print .Name .Count 4}}{{println "x"}}', 'web3 4x\n'],
  ['{{$x := 1}}{{if .Running}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{slice .Name 1}} {{truncate .Name 2}}[{{pad .Name 1 2}}]', 'eb we[ web  ]'],
  ['{{.Label "a"}}', '<a>'],
  ['{{eq .Name "db" "web"}}', 'true'],
  [`{{"}}"}}{{\`raw\\n\`}}`, '}}raw\\n'],
]

for (const [template, expected] of cases)
  test(`template ${template}`, () => assert.equal(evaluate(parseTemplate(template), data), expected))

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['{{.Nmae}}', /there is no field \.Nmae, did you mean \.Name\?/],
  ['{{.Name.First}}', /web has no field \.First/],
  ['{{.Nothing.x}}', /nil has no field \.x/],
  ['{{jsn .}}', /function "jsn" not defined, did you mean "json"\?/],
  ['{{if .Name}}', /missing \{\{end\}\}/],
  ['{{end}}', /unexpected \{\{end\}\}/],
  ['{{.Name', /without "\}\}"/],
  ['{{}}', /empty action/],
  ['{{$x}}', /undefined variable "\$x"/],
  ['{{.Name 1}}', /takes no arguments/],
  ['{{template "x"}}', /is not supported/],
  ['{{index .List 9}}', /out of range/],
  ['{{(.Name}}', /missing "\)"/],
  ['{{.Name | }}', /missing value/],
  ['{{constructor .}}', /function "constructor" not defined/],
]

for (const [template, message] of mistakes)
  test(`mistake ${template}`, () =>
    assert.throws(() => evaluate(parseTemplate(template), data), { code: 'INVALID_ARGUMENT', message }))
