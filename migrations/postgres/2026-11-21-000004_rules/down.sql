DROP TABLE policies;
DROP TABLE detectors;
