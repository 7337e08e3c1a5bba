import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

export type Consents = ApiPaths['/api/identity/consents']['get']['responses'][200]['content']['application/json']
export type Question = Consents['questions'][number]

/** The texts put to whoever is signed in, with their answers. */
export const consentsQuery = queryOptions({
  queryKey: ['consents'],
  queryFn: () => read(api.GET('/api/identity/consents')),
})

export const isPending = ({ text, answer }: Question) => answer === null || answer.version < text.version

/** Answers some questions, one after the other. */
export function useAnswer() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (answers: { textId: string; childId: string | null; accepted: boolean }[]) => {
      for (const body of answers) await api.POST('/api/identity/consents', { body })
    },
    onSettled: () => client.invalidateQueries({ queryKey: consentsQuery.queryKey }),
  })
}

/** The words of a text in the reader's language. */
export function useWording(): (question: Question) => { title: string; paragraphs: string[] } {
  const { i18n } = useTranslation()
  return ({ text }) => {
    const { title, body } = text.wording[i18n.language === 'en' ? 'en' : 'fr']
    return { title, paragraphs: body.split(/\n{2,}/) }
  }
}
