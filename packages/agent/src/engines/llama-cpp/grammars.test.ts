import { describe, expect, test } from 'vitest';
import { checkGrammar } from './grammars.ts';

describe('a grammar of a caller', () => {
  test.each([
    'root ::= "yes" | "no"',
    'root ::= [a-z]{0,1000} "}{" "({[" # (((((',
    'root ::= ("a" | b){3,20}\nb ::= [0-9]{4}',
    `root ::= ${'('.repeat(90)}"a"${')'.repeat(90)}`,
  ])('may be %j', (grammar) => {
    expect(() => checkGrammar(grammar)).not.toThrow();
  });

  test.each(['[', '["', '{ ', '[\\\n', 'a{ ', '"\\'])('attack 39: is looked at once, also when it is only %j', (part) => {
    const before = process.cpuUsage();
    checkGrammar(`root ::= "a"{${' '.repeat(50_000)}`);
    checkGrammar(`root ::= ${part.repeat(50_000)}`);
    expect(process.cpuUsage(before).user).toBeLessThan(1e6); // it takes many times that when each beginning is tried to the end
  });

  test.each([
    ['a group that is counted too often', 'root ::= ("a"?){1000}'],
    ['counts inside counts', 'root ::= (("a"?){20}){20}'],
    ['counts inside counts, by rules', 'root ::= a{20}\na ::= b{20}\nb ::= "x"?'],
    ['counted repetitions of repetitions', 'root ::= "a"?{20}{20}'],
    ['brackets within brackets', `root ::= ${'('.repeat(200)}"a"${')'.repeat(200)}`],
  ])('may not have %s', (_, grammar) => {
    expect(() => checkGrammar(grammar)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'grammar' }));
  });
});
