import { createHash, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Standing } from '../standing.ts'
import { getAgendaItem } from './agenda.ts'
import { getLedMeeting, getReadableMeeting } from './meetings.ts'
import { deletePaper, findPaper, insertPaper, listPapers, type Paper, readPaper } from './papers.queries.ts'

/** Most bytes of one paper: 20 MiB. */
export const paperLimit = 20 * 1024 * 1024
const mostPapers = 20

// What is shown or saved by itself; the rest, such as a page with a script in it, is no paper.
const mediaTypes = new Map([
  ['pdf', 'application/pdf'],
  ['odt', 'application/vnd.oasis.opendocument.text'],
  ['ods', 'application/vnd.oasis.opendocument.spreadsheet'],
  ['odp', 'application/vnd.oasis.opendocument.presentation'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ['csv', 'text/csv'],
  ['txt', 'text/plain'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['zip', 'application/zip'],
])

/**
 * The name under which a file is kept: its last part, without what could lead to a folder or hide what it is.
 * @throws Problem 422 `paper_kind` for a kind of file that is no paper.
 */
export function toPaperName(given: string): { name: string; mediaType: string } {
  const last = given.split(/[/\\]/).at(-1) ?? ''
  const name = last
    .normalize('NFC')
    // Controls, marks that turn the direction of writing, and what file systems refuse.
    .replaceAll(/[\p{C}"*:<>?|]/gu, '')
    .trim()
    .replace(/^\.+/, '')
  const extension = name.split('.').at(-1)?.toLowerCase() ?? ''
  const mediaType = mediaTypes.get(extension)
  if (!mediaType || name.length <= extension.length + 1)
    throw new Problem(422, 'paper_kind', `A paper is one of: ${[...mediaTypes.keys()].join(', ')}.`)
  const stem = name
    .slice(0, -extension.length - 1)
    .slice(0, 120)
    .trim()
  return { name: `${stem}.${extension}`, mediaType }
}

/**
 * Attaches a file to an agenda item, until the meeting is closed.
 * @throws Problem 404, 403, 409 as `getLedMeeting`; 422 `paper_kind`, `paper_empty`, `papers_too_many`; 409 `paper_twice`.
 */
export async function addPaper(
  tx: Tx,
  standing: Standing,
  agendaItemId: string,
  file: { name: string; content: Buffer },
  now: Date,
): Promise<Paper> {
  const { name, mediaType } = toPaperName(file.name)
  if (file.content.length === 0) throw new Problem(422, 'paper_empty', 'The file is empty.')
  await requirePaperPlace(tx, standing, agendaItemId)
  const others = await listPapers(tx, [agendaItemId])
  if (others.length >= mostPapers)
    throw new Problem(422, 'papers_too_many', `An agenda item has at most ${mostPapers} papers.`)
  if (others.some((each) => each.name === name))
    throw new Problem(409, 'paper_twice', 'The item has a paper of this name already.')
  const paper: Paper = {
    id: randomUUIDv7(),
    agendaItemId,
    name,
    mediaType,
    size: file.content.length,
    sha256: createHash('sha256').update(file.content).digest('hex'),
    addedAt: now,
  }
  await insertPaper(tx, { ...paper, content: file.content, addedBy: standing.personId })
  await audit(tx, standing, 'paper_added', paper)
  return paper
}

/** Sees that the reader may attach a file to an agenda item now. @throws Problem 404, 403, 409 as `getLedMeeting`. */
export async function requirePaperPlace(tx: Tx, standing: Standing, agendaItemId: string): Promise<void> {
  const item = await getAgendaItem(tx, standing, agendaItemId)
  await getLedMeeting(tx, standing, item.meetingId, 'draft', 'convened', 'open')
}

/** Removes a paper, until the meeting is closed. @throws Problem 404 `paper_not_found`; as `getLedMeeting`. */
export async function removePaper(tx: Tx, standing: Standing, id: string): Promise<void> {
  const paper = await getPaper(tx, standing, id)
  await getLedMeeting(tx, standing, paper.meetingId, 'draft', 'convened', 'open')
  await deletePaper(tx, id)
  await audit(tx, standing, 'paper_removed', paper)
}

/** A paper and its bytes, for those with a standing in the agreement. @throws Problem 404 `paper_not_found`. */
export async function openPaper(tx: Tx, standing: Standing, id: string): Promise<Paper & { content: Buffer }> {
  const { meetingId, ...paper } = await getPaper(tx, standing, id)
  await getReadableMeeting(tx, standing, meetingId)
  return { ...paper, content: await readPaper(tx, id) }
}

async function getPaper(tx: Tx, standing: Standing, id: string): Promise<Paper & { meetingId: string }> {
  const paper = await findPaper(tx, id)
  if (!paper) throw new Problem(404, 'paper_not_found', 'There is no such paper.')
  const { meetingId } = await getAgendaItem(tx, standing, paper.agendaItemId)
  return { ...paper, meetingId }
}

async function audit(tx: Tx, standing: Standing, act: string, { id, size, sha256 }: Paper): Promise<void> {
  await recordAudit(tx, {
    action: `governance.${act}`,
    actorPersonId: standing.personId,
    subjectKind: 'governance.paper',
    subjectId: id,
    detail: { size, sha256 },
  })
}
