DROP TABLE blobs;
DROP TABLE settings;
DROP TABLE leases;
DROP TABLE nodes;
