import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteName, quoteString, readStatement } from './clickhouse-statement.ts'

test.each([
  ['select 1', undefined],
  ['select 1;', undefined],
  ['select 1 ; -- done; really', undefined],
  ["select ';' || '\\';' || ''';'", undefined],
  ['select `a;b`, "c;d" from t', undefined],
  ['/* ; */ select $$ ; $$, $tag$ ; $$ ; $tag$', undefined],
  ['select 1 # ; comment\n', undefined],
  ["insert into t values ('a;b'); whatever", undefined],
  ['insert into t format JSONEachRow {"a":"it\'s; fine"}', undefined],
  ['select 1; select 2', 10],
  ["select '\\\\'; drop table t", 13],
  ['select 1;; drop table t', 11],
])('%s has its second statement at %s', (sql, secondAt) => {
  expect(readStatement(sql).secondAt).toBe(secondAt)
})

test.each([
  ['select {name:String}, {list: Array(UInt8)}', ['name', 'list']],
  ["select map('a', 1), {'b': 2}, '{c:String}', -- {d:String}\n`{e:String}`", []],
  ['insert into {table:Identifier} select {n:UInt8}', ['table', 'n']],
])('%s takes parameters %j', (sql, names) => {
  expect([...readStatement(sql).parameters]).toEqual(names)
})

test.each([
  ['insert into t format JSONEachRow', { table: 't', format: 'JSONEachRow' }],
  [
    'INSERT INTO TABLE `db`.t (a, "b")\nSETTINGS async_insert = 1, x = \'FORMAT y\' FORMAT CSV;',
    { table: 'db.t', columns: ['a', 'b'], settings: "async_insert = 1, x = 'FORMAT y'", format: 'CSV' },
  ],
  ['insert into t (* except(a)) format CSV', undefined],
  ['insert into t (`a b`) format CSV', undefined],
  ['insert into function file(x) format CSV', undefined],
  ['insert into t select * from input(x) format CSV', undefined],
  ['insert into t format CSV 1,2', undefined],
  ['insert into t values', undefined],
  ['select 1 format CSV', undefined],
])('%s loads %j', (sql, load) => {
  const expected = load === undefined ? undefined : { columns: undefined, settings: undefined, ...load }
  expect(readStatement(sql).load).toEqual(expected)
})

test('whatever is quoted stays one statement without parameters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(quoteString, quoteName), (text, quote) => {
      const statement = readStatement(`select ${quote(text)} as x from t`)
      expect([...statement.words]).toEqual(['SELECT', 'AS', 'X', 'FROM', 'T'])
      expect(statement.secondAt).toBeUndefined()
      expect(statement.parameters.size).toBe(0)
    }),
  )
})
