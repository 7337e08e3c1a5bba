-- Records set aside are kept as they were read, so that they can be tried again once what they lacked has come.
alter table directory.quarantined_record
  -- what the reader of its format reads again; null when nothing would be gained, or once it is of no use
  add refused jsonb;
create index quarantined_record_refused on directory.quarantined_record (import_id) where refused is not null;

alter table directory.import
  -- whether it reads again what its source has set aside
  add retry boolean not null default false;
