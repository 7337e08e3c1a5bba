-- A page of what an agent did with an activity, or with a verb, is found within one index, in its order; with three indexes
-- apart, the planner brought whole bitmaps together.
drop index records.statement_actor;
create index statement_actor on records.statement (actor, seq, activity, verb);
