//! Reports of scanners in this process: straight into the table that others reach over HTTP.

use async_trait::async_trait;
use scanner_node::actors::HeartbeatSink;
use scanner_node::source::{NodeReport, SourceError};

use crate::api::internal::heartbeat_of;
use crate::store::Store;
use crate::store::nodes;

/// Writes reports down.
pub struct StoredHeartbeats(pub Store);

#[async_trait]
impl HeartbeatSink for StoredHeartbeats {
    async fn report(&self, report: NodeReport) -> Result<(), SourceError> {
        let beat = heartbeat_of(report);
        let noted = self
            .0
            .write(move |conn| nodes::heartbeat(conn, &beat))
            .await;
        noted.map_err(|error| SourceError::Unavailable(Box::new(error)))
    }
}
