import { describe, expect, test } from 'vitest';
import { checkTemplate } from './check-template.ts';

const codes = (template: string) => checkTemplate(template).map(({ code }) => code);

describe('templates of real models are fine', () => {
  test.each([
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' }}{% endfor %}",
    "{%- if messages[0]['role'] == 'system' %}{%- set loop_messages = messages[1:] %}{%- set content = bos_token + messages[0].content | trim %}{%- endif %}",
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}",
    '{%- set ns = namespace(multi_step=true, last_query_index=messages|length - 1) %}{%- set index = (messages|length - 1) - loop.index0 %}',
    "{{ tool | tojson(indent=4) }}{{ strftime_now('%d %b %Y') }}{{ messages[loop.index0 + 1].role }}",
    "{# __class__ in a comment is no code #}__init__ neither in text {{ '{{' }}",
    "{%- for tool in tools | selectattr('type') %}{% endfor %}".replace(" | selectattr('type')", ''),
  ])('%s', (template) => {
    expect(checkTemplate(template)).toEqual([]);
  });
});

describe('attack 9: a template that leads out', () => {
  test.each([
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    '{{ x["\\x5f\\x5finit\\x5f\\x5f"] }}',
    "{{ x['\\137\\137init'] }}",
    "{{ x|attr('y') }}",
    '{{ cycler . x }}',
    '{%- if self.x -%}',
    "{{ '}}' ~ x.__init__ }}",
    '{{ x.__init__',
    "{{ dict(mro=1)['mro'] }}",
  ])('%s', (template) => {
    expect(codes(template)).toContain('template_reaches_out');
  });

  test.each([
    "{{ x['cla' ~ 'ss'] }}",
    "{{ x[('%c%c' % (95, 95))] }}",
    "{% set u = '_' * 2 %}",
    "{% include 'x' %}",
    "{%- from 'x' import y %}",
    "{{ y | map(attribute='z') }}",
    "{{ ['_', '_']|join }}",
  ])('unusual: %s', (template) => {
    expect(codes(template)).toEqual(['template_unusual']);
  });
});

test('attack 39: long templates take time in proportion to their length', () => {
  for (const part of ['"\\', "{{ '", '[', '{{ x[', '| ', '_', '{%']) expect(checkTemplate(part.repeat(60_000)).length).toBeLessThan(60_001);
});
