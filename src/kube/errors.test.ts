import { describe, expect, test } from 'vitest';
import { codeOfResponse, describeError, hasCode, KubeError } from './errors.ts';

test.each([
  [400, undefined, 'BadRequest'],
  [401, 'Unauthorized', 'Unauthorized'],
  [403, 'Forbidden', 'Forbidden'],
  [404, 'NotFound', 'NotFound'],
  [405, 'MethodNotAllowed', 'BadRequest'],
  [408, undefined, 'ServerError'],
  [409, 'AlreadyExists', 'AlreadyExists'],
  [409, 'Conflict', 'Conflict'],
  [409, undefined, 'Conflict'],
  [410, 'Expired', 'Gone'],
  [410, 'Gone', 'Gone'],
  [413, undefined, 'BadRequest'],
  [422, 'Invalid', 'Invalid'],
  [429, 'TooManyRequests', 'TooManyRequests'],
  [500, 'InternalError', 'ServerError'],
  [503, 'ServiceUnavailable', 'ServerError'],
  [504, 'Timeout', 'ServerError'],
  [301, undefined, 'BadRequest'],
])('HTTP %i with reason %s is %s', (status, reason, code) => {
  expect(codeOfResponse(status, reason)).toBe(code);
});

test('is asked for its kind', () => {
  const error = new KubeError('Conflict', 'changed', { status: { code: 409 } });
  expect(hasCode(error, 'Conflict')).toBe(true);
  expect(hasCode(error, 'NotFound', 'Conflict')).toBe(true);
  expect(hasCode(error, 'NotFound')).toBe(false);
  expect(hasCode(error)).toBe(false);
  expect(hasCode(Object.assign(new Error('x'), { code: 'Conflict' }), 'Conflict')).toBe(false);
  expect(hasCode(undefined, 'Conflict')).toBe(false);
  expect(error.status).toEqual({ code: 409 });
});

describe('describeError', () => {
  const cause = (...messages: string[]): Error =>
    messages.reduceRight<Error | undefined>(
      (inner, text) => new Error(text, { cause: inner }),
      undefined,
    ) as Error;

  test('says the message, and the innermost cause when that is news', () => {
    expect(describeError(cause('outer'))).toBe('outer');
    expect(describeError(cause('outer', 'middle', 'inner'))).toBe('outer: inner');
    expect(describeError(cause('outer says inner', 'inner'))).toBe('outer says inner');
  });

  test('says the code of an error without a message, as those of happy eyeballs are', () => {
    const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    expect(describeError(new KubeError('Unreachable', 'no way', { cause: refused }))).toBe(
      'no way: ECONNREFUSED',
    );
    expect(describeError(refused)).toBe('ECONNREFUSED');
    expect(describeError(new TypeError(''))).toBe('TypeError');
  });

  test('is one line, whatever was thrown', () => {
    expect(describeError(new Error(' first\n  second\r\n'))).toBe('first second');
    expect(describeError('text\nmore')).toBe('text more');
    expect(describeError(undefined)).toBe('undefined');
    expect(describeError(42)).toBe('42');
  });

  test('ends with a cause that leads back', () => {
    const [first, second] = [new Error('first'), new Error('second')];
    first.cause = second;
    second.cause = first;
    expect(describeError(first)).toMatch(/^first/);
  });
});
