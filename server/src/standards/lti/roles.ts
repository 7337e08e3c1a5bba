/** What a role in a course lets see. */
export interface LaunchRole {
  audience: 'student' | 'teacher'
  /** Whether its learners are seen by name. */
  nominative: boolean
}

const context = 'http://purl.imsglobal.org/vocab/lis/v2/membership'

/**
 * What somebody may see of the course they come from, by the roles the platform gives them (LTI 1.3 §A.2). Who teaches
 * there, assistants included, sees its learners by name; whoever administers the course or the platform without teaching sees
 * figures only: running a platform is no reason to know who learns how. Nobody gets more than the launched course.
 * @returns undefined for roles that show nothing: guests, observers, mentors.
 */
export function readRole(roles: string[]): LaunchRole | undefined {
  const inContext = (role: string) =>
    roles.some(
      // Simple names stand for roles of the course (§A.2.3), a sub-role for its principal role.
      (each) => each === `${context}#${role}` || each === role || each.startsWith(`${context}/${role}#`),
    )
  if (inContext('Instructor')) return { audience: 'teacher', nominative: true }
  if (inContext('Learner')) return { audience: 'student', nominative: false }
  const administers =
    ['Administrator', 'Manager', 'ContentDeveloper'].some(inContext) ||
    roles.some((each) => /\/lis\/v2\/(institution\/|system\/)?person#(Administrator|SysAdmin)$/.test(each))
  return administers ? { audience: 'teacher', nominative: false } : undefined
}

/** What a member of a course is there. */
export function readEnrolmentRole(roles: string[]): 'student' | 'teacher' | 'other' {
  const role = readRole(roles)
  if (role?.audience === 'student') return 'student'
  return role?.nominative ? 'teacher' : 'other'
}
