-- The classes and groups that an establishment declared: a delta that speaks of the establishment looks them up.
create index source_record_group on directory.source_record (source_id, establishment_ref) where kind in ('class', 'group');
