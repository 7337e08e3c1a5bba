/** A piece of a document, as the page and the PDF both write it. */
export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; caption: string; columns: string[]; rows: string[][] }

/** What happened at a meeting, in the words of its minutes: one text for the page and for the PDF. */
export interface Minutes {
  title: string
  blocks: Block[]
}
