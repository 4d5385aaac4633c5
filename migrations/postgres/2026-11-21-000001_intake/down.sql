DROP TABLE scan_jobs;
DROP TABLE inbound_events;
DROP TABLE workspaces;
