-- Parts are of months of arrival, and most hold no day that is asked for: told without reading.
alter table learning_event_v1 add index if not exists days day type minmax granularity 1;

alter table learning_event_v1 materialize index days;
