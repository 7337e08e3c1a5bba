import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { registerAdvances } from './advances.routes.ts'
import { registerBills } from './bills.routes.ts'
import { registerBudget } from './budget.routes.ts'
import { registerExports } from './exports.routes.ts'
import { registerHeadCounts } from './head-counts.routes.ts'
import { registerOrders } from './orders.routes.ts'
import { registerStaff } from './staff.routes.ts'

/** Everything about money: the accounts, orders, bills, advances, staff claims, and the head-counts they go by. */
export function registerMoney(app: App, services: Services): void {
  registerHeadCounts(app, services)
  registerBudget(app, services)
  registerOrders(app, services)
  registerExports(app, services)
  registerBills(app, services)
  registerAdvances(app, services)
  registerStaff(app, services)
}
