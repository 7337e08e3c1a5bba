import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { archiveLimits, isArchiveName, unpackFeed } from './archives.ts'

const pupils = 'ENT2DVA_Complet_20260914_Eleve_0000.xml'
const staff = 'ENT2DVA_Complet_20260914_PersEducNat_0000.xml'

/** When the files of archives say that they were written. */
const made = new Date('2026-09-14T03:00:00Z')

let parent: string
let count = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-archives-'))
})
afterAll(() => rm(parent, { recursive: true }))

interface Member {
  name: string
  content?: string | Buffer
  type?: Header['type']
}

async function makeTar(members: Member[]): Promise<Buffer> {
  const archive = pack()
  for (const { name, content = '', type = 'file' } of members) {
    const linked = type === 'link' || type === 'symlink' ? { linkname: '/etc/passwd' } : {}
    archive.entry({ name, type, mtime: made, ...linked }, content)
  }
  archive.finalize()
  return gzipSync(await buffer(archive))
}

/** Writes a zip archive by hand, so that it can say what no archiver would. */
function makeZip(members: (Member & { mode?: number; flags?: number; checksum?: number; says?: number })[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content = '', mode = 0o100644, flags = 0, checksum, says } of members) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data)
    const path = Buffer.from(name)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(flags | 0x800, 2)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(checksum ?? crc32(data), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(says ?? data.length, 18)
    fields.writeUInt16LE(path.length, 22)
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), fields, path, packed)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), fields, rest, path)
    offset += 30 + path.length + packed.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(members.length, 4)
  end.writeUInt16LE(members.length, 6)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06', 'latin1'), end])
}

/** Puts files in a new folder and unpacks it; `left` is what is there afterwards. */
async function unpack(files: Record<string, Buffer | string>, limits = archiveLimits) {
  const folder = join(parent, String(++count))
  const work = join(parent, `${count}-work`)
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const outcome = await unpackFeed(folder, work, { limits }).then(
    (path) => ({ path, code: undefined, detail: '', file: undefined }),
    (error: { refusal?: { code: string; detail: string; file: string | null } }) => {
      if (!error.refusal) throw error
      return { path: undefined, ...error.refusal }
    },
  )
  return { folder, work, ...outcome, left: (await readdir(work).catch(() => [])).sort() }
}

const refusalOf = async (files: Record<string, Buffer | string>, limits?: typeof archiveLimits) => {
  const { code, file, left } = await unpack(files, limits)
  return { code, file, left }
}

const bothWays = [
  ['feed.tgz', makeTar],
  ['feed.zip', async (members: Member[]) => makeZip(members)],
] as const

it('knows archives by their names, which hold no path', () => {
  expect(['a.zip', 'ENT2D.20260914.tgz', 'x.tar.gz', 'A.ZIP'].every(isArchiveName)).toBe(true)
  expect(['a.xml', '../a.zip', 'a/b.zip', 'a\\b.zip', '.zip', '.a.zip', 'a.tar', 'a.zip\0'].some(isArchiveName)).toBe(
    false,
  )
})

it('leaves a folder without archive alone', async () => {
  const { folder, path, left } = await unpack({ [pupils]: '<a/>' })
  expect([path, left]).toEqual([folder, []])
})

it.each(bothWays)('%s: the files come out, from any folder of it, beside the plain ones', async (name, make) => {
  const long = 'élève '.repeat(200_000)
  const archive = await make([
    { name: 'export/', type: 'directory' },
    { name: `export/${pupils}`, content: long },
    { name: 'export/ficAlimMENESR.dtd', content: '<!ELEMENT a>' },
    { name: `__MACOSX/._${pupils}`, content: 'x' },
  ])
  const { work, path, left, detail } = await unpack({ [name]: archive, [staff]: '<b/>' })
  expect([path, left, detail]).toEqual([work, [pupils, staff], ''])
  expect(await readFile(join(work, pupils), 'utf8')).toBe(long)
  expect(await readFile(join(work, staff), 'utf8')).toBe('<b/>')
  if (name.endsWith('.tgz')) expect((await stat(join(work, pupils))).mtime).toEqual(made)
})

it.each(bothWays)('%s alone is given by its own path', async (name, make) => {
  const { folder } = await unpack({ [name]: await make([{ name: pupils, content: '<a/>' }]), 'other.zip': 'not read' })
  const work = join(parent, 'alone')
  expect(await unpackFeed(join(folder, name), work)).toBe(work)
  expect(await readdir(work)).toEqual([pupils])
  await rm(work, { recursive: true })
})

it.each(
  bothWays.flatMap(([name, make]) =>
    [`../${pupils}`, `a/../../${pupils}`, `/tmp/${pupils}`, `..\\${pupils}`, `C:${pupils}`].map((path) => ({
      name,
      make,
      path,
    })),
  ),
)('$name: $path would be written elsewhere', async ({ name, make, path }) => {
  const archive = await make([
    { name: staff, content: 'x' },
    { name: path, content: 'x' },
  ])
  expect(await refusalOf({ [name]: archive })).toEqual({ code: 'archive_path', file: name, left: [] })
})

it.each(['link', 'symlink', 'character-device', 'block-device', 'fifo'] as const)('tgz: a %s', async (type) => {
  const archive = await makeTar([{ name: pupils, type }])
  expect(await refusalOf({ 'feed.tgz': archive })).toEqual({ code: 'archive_entry', file: 'feed.tgz', left: [] })
})

it.each([0o120777, 0o020644, 0o060644, 0o010644])('zip: a file of mode %o', async (mode) => {
  const archive = makeZip([{ name: pupils, content: '/etc/passwd', mode }])
  expect(await refusalOf({ 'feed.zip': archive })).toEqual({ code: 'archive_entry', file: 'feed.zip', left: [] })
})

it.each(bothWays)('%s: an archive in it', async (name, make) => {
  for (const inner of ['inner.zip', 'inner.tar.gz', `${pupils}.gz`]) {
    const archive = await make([
      { name: staff, content: 'x' },
      { name: inner, content: 'x' },
    ])
    expect(await refusalOf({ [name]: archive })).toEqual({ code: 'archive_nested', file: name, left: [] })
  }
})

it.each(bothWays)('%s: a file of no feed', async (name, make) => {
  const archive = await make([
    { name: staff, content: 'x' },
    { name: 'run.sh', content: 'x' },
  ])
  expect(await refusalOf({ [name]: archive })).toEqual({ code: 'file_name_unexpected', file: name, left: [] })
})

it.each(bothWays)('%s: the same name twice', async (name, make) => {
  const twice = await make([
    { name: pupils, content: 'x' },
    { name: `again/${pupils}`, content: 'y' },
  ])
  expect(await refusalOf({ [name]: twice })).toEqual({ code: 'archive_duplicate', file: name, left: [] })
  const once = await make([{ name: pupils, content: 'x' }])
  expect(await refusalOf({ [name]: once, [pupils]: 'y' })).toEqual({ code: 'archive_duplicate', file: name, left: [] })
})

it.each(bothWays)('%s: bombs', async (name, make) => {
  const bomb = await make([{ name: pupils, content: Buffer.alloc(20_000_000) }])
  const limits = { ...archiveLimits, freeBytes: 1_000_000 }
  expect(await refusalOf({ [name]: bomb }, limits)).toEqual({ code: 'archive_ratio', file: name, left: [] })
  const large = { code: 'archive_too_large', file: name, left: [] }
  expect(await refusalOf({ [name]: bomb }, { ...archiveLimits, fileBytes: 10_000_000 })).toEqual(large)
  const two = await make([
    { name: pupils, content: Buffer.alloc(9_000_000) },
    { name: staff, content: Buffer.alloc(9_000_000) },
  ])
  expect(await refusalOf({ [name]: two }, { ...archiveLimits, totalBytes: 10_000_000 })).toEqual(large)
  expect(await refusalOf({ [name]: two }, { ...archiveLimits, files: 1 })).toEqual(large)
})

it('zip: a file that says it is small', async () => {
  const archive = makeZip([{ name: pupils, content: Buffer.alloc(5_000_000), says: 10 }])
  expect(await refusalOf({ 'feed.zip': archive })).toEqual({ code: 'archive_damaged', file: 'feed.zip', left: [] })
})

it('zip: the same bytes told as many files count each time', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `ENT2DVA_Complet_20260914_Eleve_000${i}.xml`)
  const limits = { ...archiveLimits, totalBytes: 3_500_000 }
  const archive = makeZip(names.map((name) => ({ name, content: Buffer.alloc(500_000, name) })))
  expect(await refusalOf({ 'feed.zip': archive }, limits)).toMatchObject({ code: 'archive_too_large', left: [] })
})

it('zip: a wrong checksum, a password', async () => {
  const damaged = makeZip([{ name: pupils, content: 'abc', checksum: 1 }])
  expect(await refusalOf({ 'feed.zip': damaged })).toMatchObject({ code: 'archive_damaged', left: [] })
  const locked = makeZip([{ name: pupils, content: 'abc', flags: 1 }])
  expect(await refusalOf({ 'feed.zip': locked })).toMatchObject({ code: 'archive_encrypted', left: [] })
})

it.each(bothWays)('%s cut anywhere, or no archive at all', async (name, make) => {
  const content = Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251))
  const archive = await make([
    { name: pupils, content },
    { name: staff, content },
  ])
  for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
    const cut = archive.subarray(0, Math.floor(archive.length * share))
    expect(await refusalOf({ [name]: cut })).toEqual({ code: 'archive_damaged', file: name, left: [] })
  }
  expect(await refusalOf({ [name]: 'not an archive' })).toMatchObject({ code: 'archive_damaged', left: [] })
})

it('tgz: a tar cut between two files, though compressed whole', async () => {
  const tar = gunzipSync(
    await makeTar([
      { name: pupils, content: 'x' },
      { name: staff, content: 'y' },
    ]),
  )
  const cut = gzipSync(tar.subarray(0, 1024))
  expect(await refusalOf({ 'feed.tgz': cut })).toEqual({ code: 'archive_damaged', file: 'feed.tgz', left: [] })
})

it('stops when asked, and leaves nothing', async () => {
  const { folder, work } = await unpack({})
  await writeFile(join(folder, 'feed.tgz'), await makeTar([{ name: pupils, content: Buffer.alloc(1_000_000) }]))
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(unpackFeed(folder, work, { signal })).rejects.toThrow('stopped')
  expect(await readdir(work).catch(() => 'none')).toBe('none')
})
