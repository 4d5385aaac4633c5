//! What operators ask: health, metrics, nodes, the queue, detectors, the documents.

mod get;
