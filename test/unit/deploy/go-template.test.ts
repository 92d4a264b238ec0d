import { expect, test } from 'vitest';
import { TemplateSet } from '../../support/go-template.ts';

/** A template's text with data; expectations are what Go's text/template gives. */
function rendered(text: string, data: unknown, more = ''): string {
  const templates = new TemplateSet({
    eq: (a, b) => a === b,
    upper: (value) => String(value).toUpperCase(),
    wrap: (by, value) => `${by}${value}${by}`,
  });
  templates.add('more', more);
  templates.add('main', text);
  return templates.render('main', data);
}

test.each([
  ['{{ .a.b }}!', { a: { b: 1 } }, '1!'],
  ['{{ .a | upper | wrap "*" }}', { a: 'x' }, '*X*'],
  ['{{ wrap "-" (upper .a) }}', { a: 'x' }, '-X-'],
  ['a\n  {{- if .on }}\nb\n  {{- else }}\nc\n  {{- end }}\nd', { on: true }, 'a\nb\nd'],
  ['a {{- /* nothing */ -}} b', {}, 'ab'],
  ['{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}', { a: '', b: [0] }, '2'],
  ['{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}', { a: 0, b: {} }, '3'],
  ['{{ range .list }}<{{ . }}>{{ end }}', { list: [1, 2] }, '<1><2>'],
  ['{{ range $k, $v := .map }}{{ $k }}={{ $v }};{{ end }}', { map: { b: 2, a: 1 } }, 'a=1;b=2;'],
  ['{{ range .list }}{{ $.x }}{{ end }}', { list: [1, 2], x: 'y' }, 'yy'],
  ['{{ with .a }}{{ .b }}{{ end }}{{ with .c }}no{{ else }}none{{ end }}', { a: { b: 1 }, c: '' }, '1none'],
  ['{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ end }}{{ $x }}', {}, 'b'],
  ['{{ $x := "a" }}{{ if true }}{{ $x := "b" }}{{ end }}{{ $x }}', {}, 'a'],
  ['{{ include "part" .a | upper }}', { a: { b: 'x' } }, '[X]'],
  ['{{ eq .a "x" }} {{ "}" }}', { a: 'x' }, 'true }'],
])('%s', (text, data, expected) => {
  expect(rendered(text, data, '{{ define "part" }}[{{ .b }}]{{ end }}')).toBe(expected);
});

test.each([
  ['{{ .a.b }}', /nobody gave \.a\.b/],
  ['{{ $x }}', /no variable \$x/],
  ['{{ lower .a }}', /no function lower/],
  ['{{ if .a }}', /has no end/],
  ['{{ end }}', /belongs to nothing/],
  ['{{ .a .b }}', /not understood/],
  ['{{ (.a }}', /not closed|not understood/],
  ['{{ include "other" . }}', /no template other/],
  ['{{ .a }}', /cannot be printed/],
])('%s is refused', (text, because) => {
  expect(() => rendered(text, { a: {} })).toThrow(because);
});
