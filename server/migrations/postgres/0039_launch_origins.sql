-- Which platform or portal vouched for who holds a launch: withdrawn, what it opened is over too. Null: opened before.
alter table insight.launch add opened_by uuid;
create index launch_opened_by on insight.launch (tenant_id, opened_by);
