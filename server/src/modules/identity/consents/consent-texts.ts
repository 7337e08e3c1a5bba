import type { ConsentKind, Wording } from '../tables.ts'
import type { Audience } from '#modules/directory'

/** A text as it is published. */
export interface NewText {
  slug: string
  version: number
  kind: ConsentKind
  audience: Audience
  /** Levels of the establishments it is for; empty: all. */
  levels: string[]
  perChild: boolean
  wording: Wording
}

/** The texts a workspace begins with; it publishes its own versions over them. */
export const firstTexts: NewText[] = [
  {
    slug: 'charter-young-pupil',
    version: 1,
    kind: 'read',
    audience: 'pupil',
    levels: ['primary'],
    perChild: false,
    wording: {
      fr: {
        title: 'Les règles de notre espace',
        body: `Ici, je travaille avec ma classe et ma maîtresse ou mon maître.

Mon mot de passe est à moi. Je ne le donne à personne, même pas à un ami. Mes parents peuvent m’aider.

J’écris gentiment. Je ne me moque pas.

Si quelque chose me fait peur ou me rend triste, j’en parle à un adulte.`,
      },
      en: {
        title: 'The rules of our space',
        body: `Here I work with my class and my teacher.

My password is mine. I give it to nobody, not even a friend. My parents can help me.

I write kindly. I do not make fun of people.

If something scares me or makes me sad, I tell a grown-up.`,
      },
    },
  },
  {
    slug: 'charter-pupil',
    version: 1,
    kind: 'read',
    audience: 'pupil',
    levels: ['lowerSecondary', 'upperSecondary', 'higher'],
    perChild: false,
    wording: {
      fr: {
        title: 'La charte des élèves et des étudiants',
        body: `Cet espace sert à apprendre et à échanger avec l’établissement.

Votre mot de passe est personnel. Si quelqu’un d’autre le connaît, changez-le.

Ce que vous écrivez vous engage. Les insultes, le harcèlement et la publication de l’image de quelqu’un sans son accord sont interdits par la loi.

L’établissement voit qui a publié quoi. Il ne lit pas vos messages personnels.

Un problème ? Parlez-en à un adulte de l’établissement, ou appelez le 3018.`,
      },
      en: {
        title: 'The charter for pupils and students',
        body: `This space is for learning and for exchanging with your school.

Your password is yours alone. If somebody else knows it, change it.

You answer for what you write. Insults, harassment and publishing someone’s image without their consent are against the law.

The school sees who published what. It does not read your personal messages.

A problem? Talk to an adult of the school, or call 3018.`,
      },
    },
  },
  {
    slug: 'charter-guardian',
    version: 1,
    kind: 'read',
    audience: 'guardian',
    levels: [],
    perChild: false,
    wording: {
      fr: {
        title: 'La charte des familles',
        body: `Cet espace vous relie aux établissements de vos enfants. Vous n’avez qu’un compte pour tous vos enfants.

Votre compte est personnel. N’utilisez pas celui de votre enfant, ne lui prêtez pas le vôtre : chacun voit ce qui le concerne.

Les données viennent des établissements. Si une information est fausse, le secrétariat la corrige.

Vous pouvez demander à voir ce qui est gardé sur vous et votre enfant, et à le faire corriger.`,
      },
      en: {
        title: 'The charter for families',
        body: `This space links you to your children’s schools. You have one account for all your children.

Your account is yours alone. Do not use your child’s, do not lend them yours: each sees what concerns them.

The data come from the schools. If something is wrong, the school office mends it.

You may ask to see what is kept about you and your child, and to have it corrected.`,
      },
    },
  },
  {
    slug: 'child-image',
    version: 1,
    kind: 'choice',
    audience: 'guardian',
    levels: [],
    perChild: true,
    wording: {
      fr: {
        title: 'L’image et la voix de votre enfant',
        body: `L’établissement peut-il montrer dans cet espace des photos, des films ou des enregistrements où l’on reconnaît votre enfant, pour la vie de la classe ?

Ils sont vus de l’établissement et des familles, jamais du public. Vous pouvez changer d’avis à tout moment ; refuser n’a aucune conséquence pour votre enfant.`,
      },
      en: {
        title: 'Your child’s image and voice',
        body: `May the school show in this space photos, films or recordings in which your child can be recognised, for the life of the class?

They are seen by the school and its families, never by the public. You may change your mind at any time; to refuse has no consequence for your child.`,
      },
    },
  },
  {
    slug: 'child-works',
    version: 1,
    kind: 'choice',
    audience: 'guardian',
    levels: [],
    perChild: true,
    wording: {
      fr: {
        title: 'Les travaux de votre enfant',
        body: `L’établissement peut-il montrer dans cet espace les travaux de votre enfant (dessins, textes, exposés), avec son prénom ?

Vous pouvez changer d’avis à tout moment ; les travaux sont alors retirés.`,
      },
      en: {
        title: 'Your child’s works',
        body: `May the school show in this space your child’s works (drawings, texts, talks), with their given name?

You may change your mind at any time; the works are then taken down.`,
      },
    },
  },
  {
    slug: 'charter-staff',
    version: 1,
    kind: 'read',
    audience: 'staff',
    levels: [],
    perChild: false,
    wording: {
      fr: {
        title: 'La charte des personnels',
        body: `Cet espace contient des données personnelles d’élèves et de familles. Vous n’y accédez que pour votre mission.

Votre compte est personnel. Fermez votre session sur un poste partagé.

Ce que vous faites sur le compte ou la fiche de quelqu’un est noté, et cette personne peut le voir.

Un compte vous paraît utilisé par un autre ? Signalez-le tout de suite : un administrateur le ferme en un geste.`,
      },
      en: {
        title: 'The charter for staff',
        body: `This space holds personal data of pupils and families. You use it for your duties only.

Your account is yours alone. Sign out on a shared computer.

What you do to somebody’s account or file is noted, and that person can see it.

Does an account seem used by another? Say so at once: an administrator closes it in one step.`,
      },
    },
  },
]
